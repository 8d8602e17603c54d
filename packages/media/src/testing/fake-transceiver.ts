import type { MediaKind } from '../capture.ts';
import { FakeDtmf } from './fake-dtmf.ts';
import { sends } from './fake-sdp.ts';
import type { Direction } from './fake-sdp.ts';
import { FakeDevice } from './fake-track.ts';
import type { FakeTrack } from './fake-track.ts';

/** The parts of a connection that its transceivers need. */
export interface TransceiverOwner {
  readonly connectionState: RTCPeerConnectionState;
  /** Runs a step when those before it have run. */
  chain<Result>(step: () => Result): Promise<Result>;
  /** A direction changed. */
  needsNegotiation(): void;
  /** Runs later; forgotten when the connection closes. */
  after(ms: number, callback: () => void): void;
}

/** A transceiver of {@link FakePeerConnection} (W3C WebRTC section 5.4). */
export class FakeTransceiver {
  readonly kind: MediaKind;
  /** True when `addTransceiver` made it: an offer of the peer then does not take it up. */
  readonly isOwn: boolean;
  mid: string | null = null;
  currentDirection: Direction | null = null;
  readonly sender: {
    track: FakeTrack | null;
    readonly dtmf: FakeDtmf | null;
    replaceTrack(track: FakeTrack | null): Promise<void>;
    setStreams(): void;
  };
  readonly receiver: { readonly track: FakeTrack };
  readonly #owner: TransceiverOwner;
  #direction: Direction;

  constructor(kind: MediaKind, direction: Direction, isOwn: boolean, owner: TransceiverOwner) {
    this.kind = kind;
    this.isOwn = isOwn;
    this.#direction = direction;
    this.#owner = owner;
    const peer = new FakeDevice(kind === 'audio' ? 'audioinput' : 'videoinput', `remote-${kind}`);
    this.receiver = { track: peer.createTrack() };
    const dtmf = new FakeDtmf({
      canSend: () =>
        owner.connectionState === 'connected' &&
        sends(this.currentDirection ?? 'inactive') &&
        this.sender.track !== null,
      after: (ms, callback) => owner.after(ms, callback),
    });
    const sender: FakeTransceiver['sender'] = {
      track: null,
      dtmf: kind === 'audio' ? dtmf : null,
      replaceTrack: (track) =>
        owner.chain(() => {
          sender.track = track;
        }),
      setStreams: () => {},
    };
    this.sender = sender;
  }

  get direction(): Direction {
    return this.#direction;
  }

  set direction(direction: Direction) {
    if (direction === this.#direction) return;
    this.#direction = direction;
    this.#owner.needsNegotiation();
  }
}
