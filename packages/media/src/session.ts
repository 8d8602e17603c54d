import type { Clock, Listeners, Logger, Random } from '@ringfence/base';
import type { MediaConnect, MediaControl, MediaReport } from '@ringfence/call-machine';
import type { LegId, MediaKinds } from '@ringfence/call-rules';
import type { IceServers, Tube } from '@ringfence/isolation';
import type { IceServer } from '@ringfence/protocol';
import type { Browser } from './browser.ts';
import { errorName } from './capture-cause.ts';
import type { Capture } from './capture.ts';
import { dtmfError, isDtmf, unavailable } from './errors.ts';
import { Link } from './link.ts';
import type { LinkCollaborators } from './link.ts';
import { LocalMedia } from './local-media.ts';
import type {
  IncomingSignal,
  MediaSession,
  MediaSessionEvents,
  MediaSessionOptions,
} from './media-session.ts';
import type { ResolvedMediaOptions } from './options.ts';
import type { Playback } from './playback.ts';
import { worst } from './quality/quality.ts';
import type { Quality } from './quality/quality.ts';

/** The parts a session is built from. */
export interface SessionCollaborators {
  readonly browser: Pick<Browser, 'createPeerConnection' | 'createStream'>;
  readonly capture: Pick<Capture, 'take' | 'users'>;
  readonly playback: Playback;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Told when the session has closed. */
  readonly closed: (session: Session) => void;
}

/** The most legs there may be: signals of more are not kept. */
const mostLegs = 64;

/** The engine has closed. */
const abandoned: MediaReport = { type: 'media.failed', cause: 'media_failed' };

/**
 * See {@link MediaSession}. One `Link` for each other leg, one `LocalMedia` for the whole call;
 * this class passes on what one tells the other, and reports to the machine.
 */
export class Session implements MediaSession {
  readonly callId: string;
  /** What it belongs to, and runs in. */
  readonly tube: Tube;
  readonly remoteStreams = new Map<LegId, MediaStream>();
  audioOutput: string;
  readonly #options: ResolvedMediaOptions;
  readonly #session: MediaSessionOptions;
  readonly #with: SessionCollaborators & Pick<LinkCollaborators, 'relays' | 'tube'>;
  readonly #emitter: Listeners<MediaSessionEvents>;
  readonly #local: LocalMedia;
  readonly #iceServers: IceServers<IceServer>;
  readonly #links = new Map<LegId, Link>();
  #report: (report: MediaReport) => void = () => {};
  #control: MediaControl | undefined;
  #dtmf: Promise<void> = Promise.resolve();
  /** Its call asked for media, and was not told that there is none. */
  #isUsed = false;
  #isAbandoned = false;
  #isClosed = false;
  #ignoreSignals: (() => void) | undefined;

  constructor(
    session: MediaSessionOptions,
    options: ResolvedMediaOptions,
    collaborators: SessionCollaborators,
  ) {
    const { browser, capture, logger, playback } = collaborators;
    const { tube } = session;
    this.callId = session.callId;
    this.audioOutput = playback.output;
    this.#session = session;
    this.#options = options;
    this.tube = tube;
    this.#iceServers = tube.iceServers(() => session.iceServers(), {
      timeoutMs: options.iceServersTimeoutMs,
      renewed: (servers) => {
        for (const link of this.#links.values()) link.renew(servers);
      },
    });
    // Its timers, and what they call, belong to the tube.
    this.#with = { ...collaborators, clock: tube.clock, tube, relays: this.#iceServers };
    this.#emitter = tube.listeners();
    this.#local = new LocalMedia(
      {
        // Devices come and go by themselves: nobody waits for what a browser throws then.
        changed: tube.contain('capture', () => {
          this.#update();
          this.#streamChanged();
        }),
        cameraRefused: (cause) => this.#tell({ type: 'media.camera-refused', cause }),
      },
      {
        capture,
        logger,
        constraints: options.capture,
        tube,
        createStream: () => browser.createStream(),
      },
    );
  }

  get localStream(): MediaStream | null {
    return this.#local.isEmpty ? null : this.#local.stream;
  }

  get remoteStream(): MediaStream | null {
    return this.remoteStreams.values().next().value ?? null;
  }

  get quality(): Quality | null {
    return worst([...this.#links.values()].map(({ quality }) => quality));
  }

  qualityOf(legId: LegId): Quality | null {
    return this.#links.get(legId)?.quality ?? null;
  }

  on<Name extends keyof MediaSessionEvents>(
    name: Name,
    listener: (payload: MediaSessionEvents[Name]) => unknown,
  ): () => void {
    return this.#emitter.on(name, listener);
  }

  open(report: (report: MediaReport) => void): void {
    this.#report = report;
    if (this.#isClosed) return;
    this.#ignoreSignals = this.#session.signals.receive(
      this.tube.contain('signal', (signal: IncomingSignal) => this.#receive(signal)),
    );
  }

  acquire(kinds: MediaKinds): void {
    if (this.#isAbandoned) return this.#report(abandoned);
    if (this.#isClosed) return;
    this.#isUsed = true;
    this.tube.contain('acquire', () => this.#acquire(kinds))();
  }

  connect(request: MediaConnect): void {
    if (this.#isClosed) return;
    this.tube.contain('connect', () => this.#link(request.peerLegId).connect(request))();
  }

  disconnect(peerLegId: LegId): void {
    const link = this.#links.get(peerLegId);
    this.#links.delete(peerLegId);
    this.tube.finish(() => link?.close());
  }

  control(control: MediaControl): void {
    if (this.#isClosed) return;
    this.#control = control;
    this.#local.control(control);
    this.#update();
  }

  async setAudioOutput(deviceId: string): Promise<void> {
    if (!this.#options.playsAudio) throw unavailable('audio_output_unavailable');
    await this.#with.playback.check(deviceId);
    this.playOn(deviceId);
  }

  sendDtmf(wanted: string): Promise<void> {
    if (!isDtmf(wanted)) return Promise.reject(dtmfError('invalid_dtmf'));
    const sent = this.#dtmf.then(async () => {
      const links = [...this.#links.values()];
      const dtmf = wanted.replaceAll(';', ',');
      const done = await Promise.all(links.map((link) => link.sendDtmf(dtmf)));
      if (!done.includes(true)) throw dtmfError('dtmf_unavailable');
    });
    // Who ignores it, or has ended the call, hears of no rejection.
    this.#dtmf = sent.catch(() => {});
    return sent;
  }

  /** Plays on an output that was checked. */
  playOn(output: string): void {
    this.audioOutput = output;
    for (const link of this.#links.values()) link.route();
  }

  /** An output may be gone, or back; a microphone that was missed, too. */
  devicesChanged(): void {
    this.playOn(this.audioOutput);
    this.#local.heal();
  }

  /** Closes it over the head of its call, which is told when it uses it, now or later. */
  readonly abandon = (): void => {
    this.#isAbandoned = true;
    if (this.#isUsed) this.#tell(abandoned);
    this.close();
  };

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.tube.disown(this.abandon);
    this.#emitter.clear();
    // One that fails to end keeps none of the others.
    for (const legId of [...this.#links.keys()]) this.disconnect(legId);
    this.tube.finish(() => this.#local.close());
    this.tube.finish(() => this.#with.closed(this));
    this.tube.finish(() => this.#ignoreSignals?.());
  }

  async #acquire(kinds: MediaKinds): Promise<void> {
    const refused = await this.#local.acquire(kinds);
    this.#isUsed = refused === null;
    if (refused === null) this.#tell({ type: 'media.acquired' });
    else this.#tell({ type: 'media.refused', cause: refused });
  }

  /** The link with a leg, made when it is first named: signals may come before the call connects. */
  #link(peerLegId: LegId): Link {
    const known = this.#links.get(peerLegId);
    if (known !== undefined) return known;
    const link = new Link(
      this.#local,
      this.#options,
      {
        send: (mediaEpoch, body) =>
          this.#session.signals.send({ toLeg: peerLegId, mediaEpoch, body }),
        flows: (type, mediaEpoch) => this.#tell({ type, mediaEpoch, peerLegId }),
        failed: (code) => {
          this.#with.logger.warn('media failed', { callId: this.callId, code });
          this.#tell({ type: 'media.failed', cause: 'media_failed', peerLegId });
        },
        streamChanged: (stream) => {
          if (stream === null) this.remoteStreams.delete(peerLegId);
          else this.remoteStreams.set(peerLegId, stream);
          this.#streamChanged(peerLegId);
        },
        sampled: (quality) =>
          this.#emitter.emit('quality.changed', { ...quality, legId: peerLegId }),
        isHeld: () => this.#control?.held || this.#control?.heldBy.includes(peerLegId) || false,
        output: () => this.audioOutput,
        iceServers: () => this.#askIceServers(),
      },
      this.#with,
    );
    this.#links.set(peerLegId, link);
    return link;
  }

  #receive(signal: IncomingSignal): void {
    const { fromLeg } = signal;
    if (this.#isClosed) return;
    if (this.#links.has(fromLeg) || this.#links.size < mostLegs)
      this.#link(fromLeg).receive(signal);
  }

  #streamChanged(legId?: LegId): void {
    this.#emitter.emit('stream.changed', {
      local: this.localStream,
      remote: this.remoteStream,
      ...(legId !== undefined && { legId }),
    });
  }

  #update(): void {
    for (const link of this.#links.values()) link.update();
  }

  /** Null when they could not be had in time. */
  async #askIceServers(): Promise<readonly IceServer[] | null> {
    try {
      return await this.#iceServers.fresh();
    } catch (thrown) {
      this.#with.logger.warn('ICE servers missing', {
        callId: this.callId,
        error: errorName(thrown),
      });
      return null;
    }
  }

  #tell(report: MediaReport): void {
    if (this.#isClosed) return;
    try {
      this.#report(report);
    } catch (thrown) {
      // Who listens is not ours; what it throws must not reach the page.
      this.#with.logger.error('report failed', { report: report.type, error: errorName(thrown) });
    }
  }
}
