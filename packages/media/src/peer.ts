/*
 * One peer connection: the media of one epoch.
 *
 *   1. The impolite side offers first, audio before video, both always there. So turning a camera
 *      on later is a new direction in a known place, and often no negotiation at all.
 *   2. The polite side makes no transceivers of its own before the first offer: only those that an
 *      offer made can be matched to it (RFC 8829 section 5.10).
 *   3. Directions only ever widen. A camera that was off and comes back needs a track, no signal.
 */
import type { Clock, Logger, Random } from '@ringfence/base';
import type { IceServers, Tube } from '@ringfence/isolation';
import type { IceServer, SignalBody } from '@ringfence/protocol';
import type { Browser } from './browser.ts';
import { CandidateBatch } from './candidates.ts';
import { errorName } from './capture-cause.ts';
import type { MediaKind } from './capture.ts';
import { Negotiation } from './negotiation.ts';
import type { ResolvedMediaOptions } from './options.ts';
import { Recovery } from './recovery.ts';

/** What one kind sends: `captured` says that there is something to send, even while held. */
interface Outgoing {
  readonly track: MediaStreamTrack | null;
  readonly captured: boolean;
}

export type OutgoingMedia = Readonly<Record<MediaKind, Outgoing>>;

export interface PeerHooks {
  send(body: SignalBody): void;
  connected(): void;
  disconnected(): void;
  /** `code` says why, for logs. Called at most once. */
  failed(code: string): void;
  /** The peer sends on this track from now on. */
  received(track: MediaStreamTrack): void;
  /** Servers for an ICE restart; null when none could be had. Never rejects. */
  iceServers(): Promise<readonly IceServer[] | null>;
}

/** Hears whether TURN works. */
export type Relays = Pick<IceServers<IceServer>, 'failed' | 'succeeded'>;

export interface PeerCollaborators {
  readonly browser: Pick<Browser, 'createPeerConnection'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly tube: Tube;
  readonly relays: Relays;
}

export interface PeerRequest {
  readonly isPolite: boolean;
  readonly iceServers: readonly IceServer[];
  readonly outgoing: OutgoingMedia;
  /** The stream that the peer keeps sound and picture of in step by. */
  readonly stream: MediaStream;
}

const kinds: readonly MediaKind[] = ['audio', 'video'];

/** Of DTMF: a tone, and the gap after it (W3C WebRTC section 7.2). */
const toneMs = 100;
const gapMs = 70;

export class Peer {
  readonly #connection: RTCPeerConnection;
  readonly #negotiation: Negotiation;
  readonly #recovery: Recovery;
  readonly #candidates: CandidateBatch;
  readonly #hooks: PeerHooks;
  readonly #logger: Logger;
  readonly #policy: RTCIceTransportPolicy;
  readonly #stream: MediaStream;
  readonly #transceivers = new Map<MediaKind, RTCRtpTransceiver>();
  readonly #sent = new Map<MediaKind, MediaStreamTrack | null>();
  #outgoing: OutgoingMedia;
  #isClosed = false;
  #endDtmf: ((isSent: boolean) => void) | undefined;

  /** @throws what the browser throws when it has no peer connection to give. */
  constructor(
    request: PeerRequest,
    options: ResolvedMediaOptions,
    hooks: PeerHooks,
    { browser, clock, random, logger, tube, relays }: PeerCollaborators,
  ) {
    this.#hooks = hooks;
    this.#logger = logger;
    this.#outgoing = request.outgoing;
    this.#stream = request.stream;
    this.#policy = options.iceTransportPolicy;
    this.#connection = this.#create(browser, request.iceServers);
    this.#candidates = new CandidateBatch(clock, options.candidateBatchMs, (candidates) =>
      hooks.send({ kind: 'candidates', candidates }),
    );
    this.#negotiation = new Negotiation(
      this.#connection,
      request.isPolite,
      {
        send: (body) => hooks.send(body),
        offered: () => this.#offered(),
        failed: (thrown) => this.#fail(errorName(thrown)),
      },
      logger,
    );
    this.#recovery = new Recovery(
      options,
      {
        connected: () => hooks.connected(),
        disconnected: () => hooks.disconnected(),
        restart: tube.contain('restart', () => this.#restart()),
        failed: () => this.#fail('media_unreachable'),
      },
      { clock, random, breaker: tube.breaker('media') },
    );
    this.#listen(tube, relays);
    try {
      if (!request.isPolite) for (const kind of kinds) this.#addTransceiver(kind);
    } catch (thrown) {
      this.close();
      throw thrown;
    }
  }

  /** Takes a signal of the peer. */
  receive(body: SignalBody): void {
    this.#negotiation.receive(body);
  }

  /** Sends these tracks from now on. Negotiates only where a direction has to widen. */
  send(outgoing: OutgoingMedia): void {
    this.#outgoing = outgoing;
    for (const kind of kinds) this.#applyOutgoing(kind);
    // Without a track tones stop, and no event says so (W3C WebRTC section 7.2).
    if (outgoing.audio.track === null) this.#endDtmf?.(false);
  }

  /**
   * Sends DTMF as events of RFC 4733. Resolves after the last tone; to false when this connection
   * cannot, or ends before. One call at a time.
   */
  sendDtmf(tones: string): Promise<boolean> {
    const dtmf = this.#transceivers.get('audio')?.sender.dtmf;
    return new Promise((resolve) => {
      if (!dtmf?.canInsertDTMF) return resolve(false);
      this.#endDtmf = resolve;
      // The empty tone says that there are no more (W3C WebRTC section 7.3).
      dtmf.ontonechange = ({ tone }) => tone === '' && resolve(true);
      dtmf.insertDTMF(tones, toneMs, gapMs);
    });
  }

  /** Gathers from these servers from the next restart on. */
  renew(iceServers: readonly IceServer[]): void {
    try {
      this.#connection.setConfiguration(this.#configuration(iceServers));
    } catch (thrown) {
      // Firefox learned this late. The servers it has may still do.
      this.#logger.debug('ICE servers not refreshed', { error: errorName(thrown) });
    }
  }

  getStats(): Promise<RTCStatsReport> {
    return this.#connection.getStats();
  }

  /** Ends the connection at once. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#negotiation.stop();
    this.#recovery.stop();
    this.#candidates.stop();
    this.#endDtmf?.(false);
    this.#connection.close();
  }

  #listen(tube: Tube, relays: Relays): void {
    const connection = this.#connection;
    const on = <Event>(type: string, listener: (event: Event) => unknown): void => {
      const heard = tube.contain(type, (event) =>
        // Browsers deliver what was queued before close(), and nothing after it.
        this.#isClosed ? undefined : listener(event as Event),
      );
      connection.addEventListener(type, heard);
    };
    on('negotiationneeded', () => this.#negotiation.offer());
    on<RTCPeerConnectionIceEvent>('icecandidate', ({ candidate }) => {
      // No candidate, or an empty one, says that there are no more (RFC 8838 section 14).
      if (!candidate?.candidate) this.#candidates.flush();
      else this.#candidates.add(candidate);
      if (candidate?.type === 'relay') relays.succeeded();
    });
    on<RTCPeerConnectionIceErrorEvent>('icecandidateerror', ({ url, errorCode }) => {
      if (url?.startsWith('turn')) relays.failed(`ice_${errorCode}`);
    });
    on<RTCTrackEvent>('track', ({ track, transceiver }) => {
      this.#adopt();
      const kind = track.kind as MediaKind;
      if (this.#transceivers.get(kind) === transceiver) this.#hooks.received(track);
    });
    on('connectionstatechange', () => {
      this.#recovery.connectionChanged(connection.connectionState);
    });
    on('signalingstatechange', () => {
      if (connection.signalingState === 'stable') this.#recovery.negotiated();
    });
  }

  #create(
    browser: PeerCollaborators['browser'],
    iceServers: readonly IceServer[],
  ): RTCPeerConnection {
    try {
      return browser.createPeerConnection(this.#configuration(iceServers));
    } catch (thrown) {
      if (iceServers.length === 0) throw thrown;
      // A server URL that the browser cannot read. Most calls connect without servers.
      this.#logger.warn('ICE servers refused', { error: errorName(thrown) });
      return browser.createPeerConnection(this.#configuration([]));
    }
  }

  #configuration(iceServers: readonly IceServer[]): RTCConfiguration {
    return {
      iceServers: iceServers as RTCIceServer[],
      iceTransportPolicy: this.#policy,
      bundlePolicy: 'max-bundle',
    };
  }

  #addTransceiver(kind: MediaKind): void {
    const { track, captured } = this.#outgoing[kind];
    const transceiver = this.#connection.addTransceiver(kind, {
      direction: captured ? 'sendrecv' : 'recvonly',
      streams: [this.#stream],
    });
    this.#transceivers.set(kind, transceiver);
    this.#replaceTrack(kind, transceiver, track);
  }

  #offered(): void {
    this.#adopt();
    for (const kind of kinds) this.#applyOutgoing(kind);
  }

  /** Takes the first transceiver of each kind that an offer made. Further ones stay unused. */
  #adopt(): void {
    for (const transceiver of this.#connection.getTransceivers()) {
      const kind = transceiver.receiver.track.kind as MediaKind;
      if (this.#transceivers.has(kind)) continue;
      this.#transceivers.set(kind, transceiver);
      // Keeps sound and picture in step on the other side. Some older browsers lack it.
      transceiver.sender.setStreams?.(this.#stream);
    }
  }

  #applyOutgoing(kind: MediaKind): void {
    const transceiver = this.#transceivers.get(kind);
    const { track, captured } = this.#outgoing[kind];
    if (transceiver === undefined) {
      // Before the first offer there is nothing to apply; after it, the peer offered too little.
      if (captured && this.#connection.remoteDescription !== null) this.#addTransceiver(kind);
      return;
    }
    // The peer took its place away (RFC 8829 section 5.3.1): there is nothing to send on.
    if (transceiver.direction === 'stopped') return;
    if (captured && transceiver.direction !== 'sendrecv') transceiver.direction = 'sendrecv';
    this.#replaceTrack(kind, transceiver, track);
  }

  #replaceTrack(
    kind: MediaKind,
    transceiver: RTCRtpTransceiver,
    track: MediaStreamTrack | null,
  ): void {
    if ((this.#sent.get(kind) ?? null) === track) return;
    this.#sent.set(kind, track);
    // The connection runs these in the order they were made, so the last one holds.
    transceiver.sender.replaceTrack(track).catch((thrown: unknown) => {
      if (!this.#isClosed) {
        this.#logger.warn('track not replaced', { kind, error: errorName(thrown) });
      }
    });
  }

  async #restart(): Promise<void> {
    const iceServers = await this.#hooks.iceServers();
    if (this.#isClosed) return;
    if (iceServers !== null) this.renew(iceServers);
    try {
      this.#connection.restartIce();
    } catch (thrown) {
      this.#fail(errorName(thrown));
    }
  }

  #fail(code: string): void {
    if (this.#isClosed) return;
    this.close();
    this.#hooks.failed(code);
  }
}
