/*
 * Perfect negotiation (W3C WebRTC section 10.7, RFC 8829) over a channel that is ordered and
 * reliable.
 *
 *   1. Signals are applied one after another. So an offer never meets an answer half applied, and
 *      the pattern's third flag is not needed.
 *   2. When both sides offer at once, the impolite side ignores the other's offer, and the polite
 *      side takes its own back. One exchange remains.
 *   3. Candidates wait for the description they belong to. One that does not fit is dropped: ICE
 *      has others, and after an ignored offer none of its candidates fit.
 *   4. A description that the browser refuses ends the negotiation. It is reported once.
 */
import type { Logger } from '@ringfence/base';
import type { SignalBody } from '@ringfence/protocol';
import { errorName } from './capture-cause.ts';

/** The most candidates that wait for their description. */
const earlyCandidates = 128;

export interface NegotiationHooks {
  /** Sends to the peer. */
  send(body: SignalBody): void;
  /** A remote offer was applied and is about to be answered: set tracks and directions now. */
  offered(): void;
  /** The two sides cannot agree. Called at most once. */
  failed(thrown: unknown): void;
}

export class Negotiation {
  readonly #connection: RTCPeerConnection;
  readonly #isPolite: boolean;
  readonly #hooks: NegotiationHooks;
  readonly #logger: Logger;
  #isMakingOffer = false;
  #isIgnoringOffer = false;
  #isOver = false;
  #early: RTCIceCandidateInit[] = [];
  #applied: Promise<void> = Promise.resolve();

  constructor(
    connection: RTCPeerConnection,
    isPolite: boolean,
    hooks: NegotiationHooks,
    logger: Logger,
  ) {
    this.#connection = connection;
    this.#isPolite = isPolite;
    this.#hooks = hooks;
    this.#logger = logger;
  }

  /** Makes an offer and sends it. For the connection's `negotiationneeded`. */
  async offer(): Promise<void> {
    if (this.#isOver) return;
    this.#isMakingOffer = true;
    try {
      await this.#connection.setLocalDescription();
      this.#sendLocal('offer');
    } catch (thrown) {
      this.#fail(thrown);
    } finally {
      this.#isMakingOffer = false;
    }
  }

  /** Takes a signal of the peer, in the order they were sent. */
  receive(body: SignalBody): void {
    this.#applied = this.#applied
      .then(() => (this.#isOver ? undefined : this.#apply(body)))
      .catch((thrown: unknown) => this.#fail(thrown));
  }

  /** Nothing is sent or reported any more. */
  stop(): void {
    this.#isOver = true;
    this.#early = [];
  }

  async #apply(body: SignalBody): Promise<void> {
    if (body.kind === 'candidates') {
      for (const candidate of body.candidates)
        await this.#addCandidate(candidate as RTCIceCandidateInit);
      return;
    }
    if (body.kind === 'answer') {
      if (this.#connection.signalingState === 'have-local-offer') {
        await this.#applyRemote(body.kind, body.sdp);
      } else this.#logger.debug('answer dropped');
      return;
    }
    const isCollision = this.#isMakingOffer || this.#connection.signalingState !== 'stable';
    this.#isIgnoringOffer = isCollision && !this.#isPolite;
    if (this.#isIgnoringOffer) return;
    await this.#applyRemote(body.kind, body.sdp);
    if (this.#isOver) return;
    this.#hooks.offered();
    await this.#connection.setLocalDescription();
    this.#sendLocal('answer');
  }

  async #applyRemote(type: 'offer' | 'answer', sdp: string): Promise<void> {
    await this.#connection.setRemoteDescription({ type, sdp });
    for (const candidate of this.#early.splice(0)) await this.#addCandidate(candidate);
  }

  async #addCandidate(candidate: RTCIceCandidateInit): Promise<void> {
    if (!this.#connection.remoteDescription) {
      // Bounded: a peer that only sends candidates must not fill the memory.
      if (this.#early.length < earlyCandidates) this.#early.push(candidate);
      return;
    }
    try {
      await this.#connection.addIceCandidate(candidate);
    } catch (thrown) {
      if (!this.#isIgnoringOffer && !this.#isOver) {
        this.#logger.debug('candidate dropped', { error: errorName(thrown) });
      }
    }
  }

  #sendLocal(kind: 'offer' | 'answer'): void {
    const description = this.#connection.localDescription;
    if (this.#isOver || description?.type !== kind) return;
    this.#hooks.send({ kind, sdp: description.sdp });
  }

  #fail(thrown: unknown): void {
    if (this.#isOver) return;
    this.stop();
    this.#hooks.failed(thrown);
  }
}
