import type { MediaKind } from '../capture.ts';

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

interface FakeSection {
  readonly kind: MediaKind;
  readonly mid: string;
  readonly direction: Direction;
}

/** What a description says, as far as the fake connection looks at it. */
export interface FakeDescription {
  readonly sessionId: string;
  readonly version: number;
  /** The ICE username fragment: which generation of candidates belongs to it. */
  readonly ufrag: string;
  readonly streamId: string;
  readonly sections: readonly FakeSection[];
}

/** The lines of an offer that do not vary, so that it has the length of a browser's: about 2 kB. */
const codecs: Record<MediaKind, readonly string[]> = {
  audio: [
    'a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level',
    'a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
    'a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid',
    'a=rtpmap:111 opus/48000/2',
    'a=rtcp-fb:111 transport-cc',
    'a=fmtp:111 minptime=10;useinbandfec=1',
    'a=rtpmap:63 red/48000/2',
    'a=fmtp:63 111/111',
    'a=rtpmap:9 G722/8000',
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:126 telephone-event/8000',
  ],
  video: [
    'a=extmap:14 urn:ietf:params:rtp-hdrext:toffset',
    'a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
    'a=extmap:13 urn:3gpp:video-orientation',
    'a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
    'a=rtpmap:96 VP8/90000',
    'a=rtcp-fb:96 goog-remb',
    'a=rtcp-fb:96 transport-cc',
    'a=rtcp-fb:96 ccm fir',
    'a=rtcp-fb:96 nack',
    'a=rtcp-fb:96 nack pli',
    'a=rtpmap:97 rtx/90000',
    'a=fmtp:97 apt=96',
    'a=rtpmap:102 H264/90000',
    'a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f',
  ],
};

const fingerprint = Array.from({ length: 32 }, (_, index) =>
  (index * 7 + 16).toString(16).padStart(2, '0').toUpperCase(),
).join(':');

/** Writes a description as SDP (RFC 8866). */
export function writeSdp(description: FakeDescription): string {
  const { sessionId, version, ufrag, streamId, sections } = description;
  const lines = [
    'v=0',
    `o=- ${sessionId} ${version} IN IP4 127.0.0.1`,
    's=-',
    't=0 0',
    `a=group:BUNDLE ${sections.map((section) => section.mid).join(' ')}`,
    `a=msid-semantic: WMS ${streamId}`,
  ];
  for (const { kind, mid, direction } of sections) {
    lines.push(
      `m=${kind} 9 UDP/TLS/RTP/SAVPF ${kind === 'audio' ? '111 63 9 0 8 126' : '96 97 102'}`,
      'c=IN IP4 0.0.0.0',
      'a=rtcp:9 IN IP4 0.0.0.0',
      `a=ice-ufrag:${ufrag}`,
      `a=ice-pwd:${ufrag.repeat(6).slice(0, 24)}`,
      'a=ice-options:trickle',
      `a=fingerprint:sha-256 ${fingerprint}`,
      'a=setup:actpass',
      `a=mid:${mid}`,
      `a=${direction}`,
      `a=msid:${streamId} ${streamId}-${kind}`,
      'a=rtcp-mux',
      ...codecs[kind],
    );
  }
  return `${lines.join('\r\n')}\r\n`;
}

/** Reads what {@link writeSdp} wrote. Throws, as a browser does, at anything else. */
export function readSdp(sdp: string): FakeDescription {
  const origin = /^o=- (\S+) (\d+) /m.exec(sdp);
  const ufrag = /^a=ice-ufrag:(\S+)$/m.exec(sdp.replaceAll('\r', ''));
  if (!sdp.startsWith('v=0') || origin === null || ufrag === null) {
    throw new DOMException('Failed to parse SessionDescription.', 'OperationError');
  }
  const [, ...texts] = sdp.split(/^m=/m);
  return {
    sessionId: origin[1]!,
    version: Number(origin[2]),
    ufrag: ufrag[1]!,
    streamId: /^a=msid-semantic: WMS (\S+)/m.exec(sdp)?.[1] ?? '',
    sections: texts.map((text) => ({
      kind: text.startsWith('audio') ? 'audio' : 'video',
      mid: /^a=mid:(\S+)/m.exec(text)?.[1] ?? '',
      direction: (/^a=(sendrecv|sendonly|recvonly|inactive)/m.exec(text)?.[1] ??
        'sendrecv') as Direction,
    })),
  };
}

export const sends = (direction: Direction): boolean =>
  direction === 'sendrecv' || direction === 'sendonly';

export const receives = (direction: Direction): boolean =>
  direction === 'sendrecv' || direction === 'recvonly';

/** A direction from the two things it says. */
function directionOf(isSending: boolean, isReceiving: boolean): Direction {
  if (isSending) return isReceiving ? 'sendrecv' : 'sendonly';
  return isReceiving ? 'recvonly' : 'inactive';
}

/** The direction as the other side sees it. */
export const reversed = (direction: Direction): Direction =>
  directionOf(receives(direction), sends(direction));

/** What an answer may say to an offer (RFC 8829 section 5.3.1). `offered` is from our view. */
export const intersected = (own: Direction, offered: Direction): Direction =>
  directionOf(sends(own) && sends(offered), receives(own) && receives(offered));
