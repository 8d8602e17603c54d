import { LIMITS } from '@ringfence/protocol';
import { both, has, kindsOf, same, speech, trackOf } from './conformance-bench.ts';
import type { Check } from './conformance-bench.ts';
import { calleeLeg, callerLeg } from './signal-pair.ts';

/** Two sides of a call. */
export const pairChecks: readonly Check[] = [
  [
    'captures what the call carries, and says so once',
    async (bench) => {
      const call = await bench.acquired(both);
      same('the report is single', call.caller.reports, [{ type: 'media.acquired' }]);
      same('both are captured', kindsOf(call.caller.session.localStream), ['audio', 'video']);
      same('nothing has come', call.caller.session.remoteStream, null);
    },
  ],
  [
    'asks for no device that the call does not carry',
    async (bench) => {
      const call = await bench.acquired(speech);
      same('sound alone is captured', kindsOf(call.caller.session.localStream), ['audio']);
      const silent = bench.call({ audio: false, video: false });
      silent.caller.session.acquire({ audio: false, video: false });
      await bench.until('nothing is acquired', () => has(silent.caller, 'media.acquired'));
      same('nothing is captured', silent.caller.session.localStream, null);
    },
  ],
  [
    'connects both sides, each with what the other sends',
    async (bench) => {
      const call = await bench.connected(both);
      for (const [side, peerLegId] of [
        [call.caller, calleeLeg],
        [call.callee, callerLeg],
      ] as const) {
        same('it reports in order', side.reports, [
          { type: 'media.acquired' },
          { type: 'media.connected', mediaEpoch: 1, peerLegId },
        ]);
        same('it receives both', kindsOf(side.session.remoteStream), ['audio', 'video']);
      }
    },
  ],
  [
    'negotiates once: one offer, one answer, and candidates in few signals of the wire',
    async (bench) => {
      const { signals } = await bench.connected(both);
      await bench.under.elapse(500);
      const descriptions = signals.sent.filter(({ body }) => body.kind !== 'candidates');
      same(
        'one exchange was enough',
        descriptions.map(({ fromLeg, body }) => [fromLeg, body.kind]),
        [
          [callerLeg, 'offer'],
          [calleeLeg, 'answer'],
        ],
      );
      for (const { body } of signals.sent) {
        const fits =
          body.kind === 'candidates'
            ? body.candidates.length > 0 && body.candidates.length <= LIMITS.candidatesPerSignal
            : body.sdp.startsWith('v=0') && body.sdp.length <= LIMITS.sdpLength;
        same('the signal fits the wire', fits, true);
      }
    },
  ],
  [
    'mutes the call it is told to, and no other',
    async (bench) => {
      const call = await bench.connected(speech);
      const other = await bench.acquired(speech);
      const own = trackOf(call.caller.session.localStream, 'audio');
      const neighbour = trackOf(other.caller.session.localStream, 'audio');
      call.caller.control({ muted: true });
      same('one is muted', [own.enabled, neighbour.enabled], [false, true]);
      call.caller.control({ muted: false });
      same('none is muted', [own.enabled, neighbour.enabled], [true, true]);
    },
  ],
  [
    'keeps a device open for the calls that still use it',
    async (bench) => {
      const call = await bench.acquired(both);
      const other = await bench.acquired(both);
      const own = call.caller.session.localStream!.getTracks();
      const neighbours = other.caller.session.localStream!.getTracks();
      call.caller.session.close();
      const states = (tracks: MediaStreamTrack[]): string[] => tracks.map((t) => t.readyState);
      same('the closed call has let go', states(own), ['ended', 'ended']);
      same('the other goes on', states(neighbours), ['live', 'live']);
    },
  ],
  [
    'turns a camera on in a call of sound alone, by either side',
    async (bench) => {
      const call = await bench.connected(speech);
      for (const [side, peer] of [
        [call.caller, call.callee],
        [call.callee, call.caller],
      ] as const) {
        same('no picture yet', kindsOf(peer.session.remoteStream), ['audio']);
        side.control({ camera: true });
        await bench.until(
          'the picture comes',
          () => kindsOf(peer.session.remoteStream).join() === 'audio,video',
        );
        same('the preview shows', kindsOf(side.session.localStream), ['audio', 'video']);
      }
      same('nobody was cut off', has(call.caller, 'media.disconnected'), false);
    },
  ],
  [
    'survives both cameras turned on at once',
    async (bench) => {
      const call = await bench.connected(speech);
      call.caller.control({ camera: true });
      call.callee.control({ camera: true });
      await bench.until('both pictures come', () =>
        [call.caller, call.callee].every(
          (side) => kindsOf(side.session.remoteStream).join() === 'audio,video',
        ),
      );
      same('nothing failed', has(call.caller, 'media.failed'), false);
      same('nothing failed there', has(call.callee, 'media.failed'), false);
    },
  ],
  [
    'closes the camera when it is turned off, and needs no signal to open it again',
    async (bench) => {
      const call = await bench.connected(both);
      await bench.under.elapse(500);
      const camera = trackOf(call.caller.session.localStream, 'video');
      const before = call.signals.sent.length;
      call.caller.control({ camera: false });
      await bench.until('the camera closes', () => camera.readyState === 'ended');
      same('the preview is gone', kindsOf(call.caller.session.localStream), ['audio']);
      call.caller.control({ camera: true });
      await bench.until(
        'the camera opens',
        () => kindsOf(call.caller.session.localStream).join() === 'audio,video',
      );
      await bench.under.elapse(500);
      same('no signal was sent', call.signals.sent.length, before);
    },
  ],
  [
    'plays nothing while held, and plays on when resumed',
    async (bench) => {
      const call = await bench.connected(both);
      const played = (): boolean[] =>
        call.caller.session.remoteStream!.getTracks().map((track) => track.enabled);
      call.caller.control({ held: true });
      same('nothing plays', played(), [false, false]);
      call.caller.control({ held: false });
      same('both play', played(), [true, true]);
    },
  ],
  [
    'drops signals of another epoch and of another leg',
    async (bench) => {
      const call = await bench.connected(speech);
      const nonsense = { kind: 'offer', sdp: 'v=0\r\nnonsense' } as const;
      call.signals.inject(callerLeg, { fromLeg: calleeLeg, mediaEpoch: 0, body: nonsense });
      call.signals.inject(callerLeg, { fromLeg: 'l9', mediaEpoch: 1, body: nonsense });
      await bench.under.elapse(200);
      same('nothing failed', has(call.caller, 'media.failed'), false);
    },
  ],
  [
    'fails the call, and only this call, when the peer sends nonsense',
    async (bench) => {
      const call = await bench.connected(speech);
      const other = await bench.connected(speech);
      const nonsense = { kind: 'offer', sdp: 'v=0\r\nnonsense' } as const;
      call.signals.inject(callerLeg, { fromLeg: calleeLeg, mediaEpoch: 1, body: nonsense });
      await bench.until('it fails', () => has(call.caller, 'media.failed'));
      same('it says why', call.caller.reports.at(-1), {
        type: 'media.failed',
        cause: 'media_failed',
        peerLegId: calleeLeg,
      });
      same('the other goes on', has(other.caller, 'media.failed'), false);
    },
  ],
  [
    'shrugs off candidates that make no sense',
    async (bench) => {
      const call = await bench.connected(speech);
      const candidates = [{ candidate: 'candidate:nonsense', sdpMid: '0' }];
      call.signals.inject(callerLeg, {
        fromLeg: calleeLeg,
        mediaEpoch: 1,
        body: { kind: 'candidates', candidates },
      });
      await bench.under.elapse(200);
      same('nothing failed', has(call.caller, 'media.failed'), false);
    },
  ],
  [
    'connects anew in the next epoch, and reports it',
    async (bench) => {
      const call = await bench.connected(speech);
      const heard = call.caller.session.remoteStream;
      for (const side of [call.caller, call.callee]) side.connect(2);
      await bench.until('both connect again', () =>
        [call.caller, call.callee].every((side) => {
          const newest = side.reports.at(-1)!;
          return newest.type === 'media.connected' && newest.mediaEpoch === 2;
        }),
      );
      same('what was received is new', call.caller.session.remoteStream === heard, false);
    },
  ],
  [
    'samples the quality of a connected call',
    async (bench) => {
      const call = await bench.connected(speech);
      await bench.until('a round trip is known', () => {
        const quality = call.caller.session.quality;
        return quality !== null && quality.roundTripMs !== null && quality.receiveKbps > 0;
      });
    },
  ],
  [
    'ends at once when it is closed, and says nothing more',
    async (bench) => {
      const call = await bench.connected(both);
      const tracks = call.caller.session.localStream!.getTracks();
      const before = call.caller.reports.length;
      const heard = call.signals.sent.filter(({ fromLeg }) => fromLeg === callerLeg).length;
      call.caller.session.close();
      call.caller.session.close();
      same(
        'capture has ended',
        tracks.map((track) => track.readyState),
        ['ended', 'ended'],
      );
      same('the streams are gone', call.caller.session.localStream, null);
      call.caller.control({ camera: false, muted: true });
      call.caller.connect(2);
      call.caller.session.acquire(both);
      await bench.under.elapse(1_500);
      same('nothing was reported', call.caller.reports.length, before);
      same(
        'nothing was sent',
        call.signals.sent.filter(({ fromLeg }) => fromLeg === callerLeg).length,
        heard,
      );
      same('nothing is captured', call.caller.session.localStream, null);
    },
  ],
];
