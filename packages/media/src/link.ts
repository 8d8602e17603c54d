/*
 * Media with one other leg, epoch after epoch.
 *
 *   1. Signals of an epoch that is not connected yet wait for it. Those of an older one are dropped.
 *   2. A connection that failed stays failed: what its leg still sends in that epoch is dropped.
 *   3. While either side holds, nothing is sent and nothing is played. The line stays up.
 */
import type { Clock, Logger, Random } from '@ringfence/base';
import type { MediaConnect } from '@ringfence/call-machine';
import type { Tube } from '@ringfence/isolation';
import type { IceServer, SignalBody } from '@ringfence/protocol';
import type { Browser } from './browser.ts';
import { errorName } from './capture-cause.ts';
import type { MediaKind } from './capture.ts';
import type { LocalMedia } from './local-media.ts';
import type { IncomingSignal } from './media-session.ts';
import type { ResolvedMediaOptions } from './options.ts';
import { Peer } from './peer.ts';
import type { OutgoingMedia, Relays } from './peer.ts';
import type { Playback } from './playback.ts';
import { Monitor } from './quality/monitor.ts';
import type { Quality } from './quality/quality.ts';

/** The most signals that wait: bounded, as the other leg decides how many come. */
const earlySignals = 64;

export interface LinkHooks {
  /** Throws when the signal can never be carried. */
  send(mediaEpoch: number, body: SignalBody): void;
  /** Media flows in this epoch, or stopped. */
  flows(type: 'media.connected' | 'media.disconnected', mediaEpoch: number): void;
  /** Media cannot be had in this epoch any more. `code` says why, for logs. */
  failed(code: string): void;
  /** What the leg sends; null when there is nothing any more. */
  streamChanged(stream: MediaStream | null): void;
  sampled(quality: Quality): void;
  /** True while either side holds. */
  isHeld(): boolean;
  /** Where it is to be heard. */
  output(): string;
  /** Never rejects; null when none could be had. */
  iceServers(): Promise<readonly IceServer[] | null>;
}

export interface LinkCollaborators {
  readonly browser: Pick<Browser, 'createPeerConnection' | 'createStream'>;
  readonly playback: Playback;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly tube: Tube;
  readonly relays: Relays;
}

export class Link {
  /** The newest sample. */
  quality: Quality | null = null;
  readonly #local: Pick<LocalMedia, 'stream' | 'track'>;
  readonly #options: ResolvedMediaOptions;
  readonly #hooks: LinkHooks;
  readonly #with: LinkCollaborators;
  #epoch = 0;
  /** The epoch whose connection is yet to be made. */
  #opening: number | undefined;
  #early: IncomingSignal[] = [];
  #peer: Peer | undefined;
  #monitor: Monitor | undefined;
  #stream: MediaStream | undefined;
  #audio: HTMLAudioElement | undefined;

  constructor(
    local: Pick<LocalMedia, 'stream' | 'track'>,
    options: ResolvedMediaOptions,
    hooks: LinkHooks,
    collaborators: LinkCollaborators,
  ) {
    this.#local = local;
    this.#options = options;
    this.#hooks = hooks;
    this.#with = collaborators;
  }

  /** Connects, in place of an older epoch. */
  async connect({ mediaEpoch, polite }: MediaConnect): Promise<void> {
    if (mediaEpoch <= this.#epoch) return;
    this.close();
    this.#epoch = mediaEpoch;
    this.#opening = mediaEpoch;
    const iceServers = (await this.#hooks.iceServers()) ?? [];
    if (this.#opening !== mediaEpoch) return;
    this.#opening = undefined;
    try {
      this.#open(polite, iceServers);
    } catch (thrown) {
      this.#fail(errorName(thrown));
    }
    for (const signal of this.#early.splice(0)) this.receive(signal);
  }

  /** Takes a signal of the leg. */
  receive(signal: IncomingSignal): void {
    const { mediaEpoch, body } = signal;
    if (mediaEpoch < this.#epoch) return;
    if (mediaEpoch === this.#epoch && this.#opening === undefined) this.#peer?.receive(body);
    else if (this.#early.length < earlySignals) this.#early.push(signal);
  }

  /** What is sent or played may have changed. */
  update(): void {
    this.#peer?.send(this.#outgoing());
    const isPlayed = !this.#hooks.isHeld();
    for (const track of this.#stream?.getTracks() ?? []) track.enabled = isPlayed;
  }

  /** Where it is heard may have changed. */
  route(): void {
    if (this.#audio !== undefined) this.#with.playback.route(this.#audio, this.#hooks.output());
  }

  /** New ICE servers in place of retired ones. */
  renew(servers: readonly IceServer[]): void {
    this.#peer?.renew(servers);
  }

  /** Resolves to false when not all of it was sent. */
  async sendDtmf(tones: string): Promise<boolean> {
    return !this.#hooks.isHeld() && (await this.#peer?.sendDtmf(tones)) === true;
  }

  /** Ends the connection at once. What it received is gone with it. Idempotent. */
  close(): void {
    this.#opening = undefined;
    this.#monitor?.stop();
    this.#with.tube.finish(() => this.#peer?.close());
    this.#peer = undefined;
    this.quality = null;
    if (this.#audio !== undefined) this.#with.playback.stop(this.#audio);
    this.#audio = undefined;
    if (this.#stream === undefined) return;
    this.#stream = undefined;
    this.#hooks.streamChanged(null);
  }

  #open(isPolite: boolean, iceServers: readonly IceServer[]): void {
    const { clock, logger } = this.#with;
    const epoch = this.#epoch;
    const hooks = this.#hooks;
    const peer = new Peer(
      { isPolite, iceServers, outgoing: this.#outgoing(), stream: this.#local.stream },
      this.#options,
      {
        send: (body) => {
          try {
            hooks.send(epoch, body);
          } catch (thrown) {
            this.#fail(errorName(thrown));
          }
        },
        connected: () => {
          this.#monitor?.start();
          hooks.flows('media.connected', epoch);
        },
        disconnected: () => hooks.flows('media.disconnected', epoch),
        failed: (code) => this.#fail(code),
        received: (track) => this.#received(track),
        iceServers: () => hooks.iceServers(),
      },
      this.#with,
    );
    this.#peer = peer;
    this.#monitor = new Monitor(
      this.#options,
      {
        getStats: () => peer.getStats(),
        sampled: (quality) => {
          this.quality = quality;
          hooks.sampled(quality);
        },
      },
      clock,
      logger,
    );
  }

  #outgoing(): OutgoingMedia {
    const isHeld = this.#hooks.isHeld();
    const of = (kind: MediaKind): OutgoingMedia[MediaKind] => {
      const track = this.#local.track(kind);
      return { track: isHeld ? null : track, captured: track !== null };
    };
    return { audio: of('audio'), video: of('video') };
  }

  #received(track: MediaStreamTrack): void {
    const stream = (this.#stream ??= this.#with.browser.createStream());
    stream.addTrack(track);
    if (track.kind === 'audio' && this.#options.playsAudio) {
      this.#audio ??= this.#with.playback.start(stream, this.#hooks.output());
    }
    track.enabled = !this.#hooks.isHeld();
    this.#hooks.streamChanged(stream);
  }

  #fail(code: string): void {
    this.close();
    this.#hooks.failed(code);
  }
}
