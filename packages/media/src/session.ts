import { Emitter, RingfenceError, Scope, toError } from '@ringfence/base';
import type { Clock, Logger, Random } from '@ringfence/base';
import type { Media, MediaConnect, MediaControl, MediaReport } from '@ringfence/call-machine';
import type { MediaKinds } from '@ringfence/call-rules';
import type { IceServer, SignalBody } from '@ringfence/protocol';
import type { Browser } from './browser.ts';
import { errorName } from './capture-cause.ts';
import type { Capture, MediaKind } from './capture.ts';
import { LocalMedia } from './local-media.ts';
import type { ResolvedMediaOptions } from './options.ts';
import { Peer } from './peer.ts';
import type { OutgoingMedia } from './peer.ts';
import { Monitor } from './quality/monitor.ts';
import type { Quality } from './quality/quality.ts';
import { Timer } from './timer.ts';

/** A signal as it goes out. */
export interface OutgoingSignal {
  readonly toLeg: string;
  readonly mediaEpoch: number;
  readonly body: SignalBody;
}

/** A signal as it comes in. */
export interface IncomingSignal {
  readonly fromLeg: string;
  readonly mediaEpoch: number;
  readonly body: SignalBody;
}

/** The way to the peer, for one call. Ordered and reliable within an epoch: signaling's duty. */
export interface SignalChannel {
  /** Throws when the signal can never be carried: the media of its epoch then fails. */
  send(signal: OutgoingSignal): void;
  /** Returns the function that stops listening. */
  receive(listener: (signal: IncomingSignal) => void): () => void;
}

/** What one call's media needs from outside. */
export interface MediaSessionOptions {
  readonly callId: string;
  readonly signals: SignalChannel;
  /** STUN and TURN servers with fresh credentials. Asked before connecting and each ICE restart. */
  readonly iceServers: () => Promise<readonly IceServer[]>;
}

/** What a session's listeners hear. */
export interface MediaSessionEvents {
  /** A track came to a stream or left it. The streams stay the same objects. */
  'stream.changed': { readonly local: MediaStream | null; readonly remote: MediaStream | null };
  'quality.changed': Quality;
}

/** The media of one call: the call machine's port, and what a page shows of it. */
export interface MediaSession extends Media {
  readonly callId: string;
  /** Own microphone and camera; null while nothing is captured. For a muted preview. */
  readonly localStream: MediaStream | null;
  /** What the peer sends; null until it does. For an `<audio>` or `<video>` element. */
  readonly remoteStream: MediaStream | null;
  /** The newest sample; null before the first. */
  readonly quality: Quality | null;
  /** Subscribes. Returns the function that unsubscribes. */
  on<Name extends keyof MediaSessionEvents>(
    name: Name,
    listener: (payload: MediaSessionEvents[Name]) => unknown,
  ): () => void;
}

/** The parts a session is built from. */
export interface SessionCollaborators {
  readonly browser: Pick<Browser, 'createPeerConnection' | 'createStream'>;
  readonly capture: Pick<Capture, 'take'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Told when the session has closed. */
  readonly closed: (session: Session) => void;
}

/** Signals that came before their epoch connects: bounded, as the peer decides how many come. */
const earlySignals = 64;

/** The engine has closed. */
const abandoned: MediaReport = { type: 'media.failed', cause: 'media_failed' };

/**
 * See {@link MediaSession}. One `Peer` for each epoch, one `LocalMedia` for the whole call; this
 * class passes on what one tells the other, and reports to the machine.
 */
export class Session implements MediaSession {
  readonly callId: string;
  readonly #options: ResolvedMediaOptions;
  readonly #session: MediaSessionOptions;
  readonly #with: SessionCollaborators;
  readonly #scope: Scope;
  readonly #emitter: Emitter<MediaSessionEvents>;
  readonly #local: LocalMedia;
  #report: (report: MediaReport) => void = () => {};
  #control: MediaControl | undefined;
  #request: MediaConnect | undefined;
  #peer: Peer | undefined;
  #monitor: Monitor | undefined;
  #early: IncomingSignal[] = [];
  /** Its call asked for media, and was not told that there is none. */
  #isUsed = false;
  #isAbandoned = false;
  #hasFailed = false;
  #remote: MediaStream | undefined;
  #quality: Quality | null = null;

  constructor(
    session: MediaSessionOptions,
    options: ResolvedMediaOptions,
    collaborators: SessionCollaborators,
  ) {
    const { browser, capture, logger } = collaborators;
    this.callId = session.callId;
    this.#session = session;
    this.#options = options;
    this.#with = collaborators;
    this.#scope = new Scope('media');
    this.#emitter = new Emitter((thrown, event) =>
      logger.error('listener failed', { event, error: errorName(thrown) }),
    );
    this.#local = new LocalMedia(
      {
        changed: () => this.#localChanged(),
        cameraRefused: (cause) => this.#tell({ type: 'media.camera-refused', cause }),
      },
      {
        capture,
        logger,
        constraints: options.capture,
        createStream: () => browser.createStream(),
      },
    );
  }

  get localStream(): MediaStream | null {
    return this.#local.isEmpty ? null : this.#local.stream;
  }

  get remoteStream(): MediaStream | null {
    return this.#remote ?? null;
  }

  get quality(): Quality | null {
    return this.#quality;
  }

  on<Name extends keyof MediaSessionEvents>(
    name: Name,
    listener: (payload: MediaSessionEvents[Name]) => unknown,
  ): () => void {
    return this.#emitter.on(name, listener);
  }

  open(report: (report: MediaReport) => void): void {
    this.#report = report;
    if (this.#scope.closed) return;
    this.#scope.own(this.#session.signals.receive((signal) => this.#receive(signal)));
  }

  acquire(kinds: MediaKinds): void {
    if (this.#isAbandoned) return this.#report(abandoned);
    if (this.#scope.closed) return;
    this.#isUsed = true;
    void this.#acquire(kinds);
  }

  connect(request: MediaConnect): void {
    if (this.#scope.closed || request.mediaEpoch <= (this.#request?.mediaEpoch ?? 0)) return;
    this.#disconnect();
    this.#request = request;
    this.#hasFailed = false;
    void this.#connect(request);
  }

  control(control: MediaControl): void {
    if (this.#scope.closed) return;
    this.#control = control;
    this.#local.control(control);
    this.#sendLocal();
    this.#playRemote();
  }

  /** Closes it over the head of its call, which is told when it uses it, now or later. */
  abandon(): void {
    this.#isAbandoned = true;
    if (this.#isUsed) this.#tell(abandoned);
    this.close();
  }

  close(): void {
    if (this.#scope.closed) return;
    void this.#scope.close();
    this.#emitter.clear();
    this.#disconnect();
    this.#local.close();
    this.#early = [];
    this.#with.closed(this);
  }

  async #acquire(kinds: MediaKinds): Promise<void> {
    const refused = await this.#local.acquire(kinds);
    this.#isUsed = refused === null;
    if (refused === null) this.#tell({ type: 'media.acquired' });
    else this.#tell({ type: 'media.refused', cause: refused });
  }

  async #connect(request: MediaConnect): Promise<void> {
    const iceServers = (await this.#iceServers()) ?? [];
    if (this.#scope.closed || this.#request !== request) return;
    const { mediaEpoch, peerLegId } = request;
    try {
      const peer = new Peer(
        {
          isPolite: request.polite,
          iceServers,
          outgoing: this.#outgoing(),
          stream: this.#local.stream,
        },
        this.#options,
        {
          send: (body) => this.#send({ toLeg: peerLegId, mediaEpoch, body }),
          connected: () => {
            this.#monitor?.start();
            this.#tell({ type: 'media.connected', mediaEpoch });
          },
          disconnected: () => this.#tell({ type: 'media.disconnected', mediaEpoch }),
          failed: (error) => this.#failed(error),
          received: (track) => this.#received(track),
          iceServers: () => this.#iceServers(),
        },
        this.#with,
      );
      this.#peer = peer;
      this.#monitor = this.#createMonitor(peer);
    } catch (thrown) {
      this.#failed(toError(thrown));
      return;
    }
    const early = this.#early;
    this.#early = [];
    for (const signal of early) this.#receive(signal);
  }

  #createMonitor(peer: Peer): Monitor {
    return new Monitor(
      this.#options,
      {
        getStats: () => peer.getStats(),
        sampled: (quality) => {
          this.#quality = quality;
          this.#emitter.emit('quality.changed', quality);
        },
      },
      this.#with.clock,
      this.#with.logger,
    );
  }

  /** Ends the epoch's connection. What it received is gone with it. */
  #disconnect(): void {
    this.#monitor?.stop();
    this.#monitor = undefined;
    this.#peer?.close();
    this.#peer = undefined;
    if (this.#remote === undefined) return;
    this.#remote = undefined;
    this.#streamChanged();
  }

  #failed(error: Error): void {
    // Never the message: a browser's may quote the description.
    const code = error instanceof RingfenceError ? error.code : error.name;
    this.#with.logger.warn('media failed', { callId: this.callId, code });
    this.#hasFailed = true;
    this.#isUsed = false;
    this.#disconnect();
    this.#tell({ type: 'media.failed', cause: 'media_failed' });
  }

  #receive(signal: IncomingSignal): void {
    const epoch = this.#request?.mediaEpoch ?? 0;
    if (this.#scope.closed || signal.mediaEpoch < epoch) return;
    if (signal.mediaEpoch > epoch || (this.#peer === undefined && !this.#hasFailed)) {
      if (this.#early.length < earlySignals) this.#early.push(signal);
    } else if (signal.fromLeg === this.#request!.peerLegId) {
      this.#peer?.receive(signal.body);
    }
  }

  #received(track: MediaStreamTrack): void {
    this.#remote ??= this.#with.browser.createStream();
    this.#remote.addTrack(track);
    this.#playRemote();
    this.#streamChanged();
  }

  #localChanged(): void {
    this.#sendLocal();
    this.#streamChanged();
  }

  #streamChanged(): void {
    this.#emitter.emit('stream.changed', { local: this.localStream, remote: this.remoteStream });
  }

  #sendLocal(): void {
    this.#peer?.send(this.#outgoing());
  }

  #outgoing(): OutgoingMedia {
    const isHeld = this.#control?.held ?? false;
    const of = (kind: MediaKind): OutgoingMedia[MediaKind] => {
      const track = this.#local.track(kind);
      return { track: isHeld ? null : track, captured: track !== null };
    };
    return { audio: of('audio'), video: of('video') };
  }

  #playRemote(): void {
    const isPlayed = !(this.#control?.held ?? false);
    for (const track of this.#remote?.getTracks() ?? []) track.enabled = isPlayed;
  }

  /** Null when they could not be had in time: media may still connect without. */
  async #iceServers(): Promise<readonly IceServer[] | null> {
    const timer = new Timer(this.#with.clock);
    const stop = this.#scope.own(() => timer.stop());
    const late = new Promise<null>((resolve) => {
      timer.start(this.#options.iceServersTimeoutMs, () => resolve(null));
    });
    try {
      const servers = await Promise.race([this.#session.iceServers(), late]);
      if (servers === null) this.#with.logger.warn('ICE servers late', { callId: this.callId });
      return servers;
    } catch (thrown) {
      this.#with.logger.warn('ICE servers missing', {
        callId: this.callId,
        error: errorName(thrown),
      });
      return null;
    } finally {
      timer.stop();
      this.#scope.disown(stop);
    }
  }

  #send(signal: OutgoingSignal): void {
    try {
      this.#session.signals.send(signal);
    } catch (thrown) {
      this.#failed(toError(thrown));
    }
  }

  #tell(report: MediaReport): void {
    if (this.#scope.closed) return;
    try {
      this.#report(report);
    } catch (thrown) {
      // Who listens is not ours; what it throws must not reach the page.
      this.#with.logger.error('report failed', { report: report.type, error: errorName(thrown) });
    }
  }
}
