import type { Clock } from '@ringfence/base';
import type { Actor, CallFacts } from '@ringfence/call-rules';
import { CLOSE } from '@ringfence/protocol';
import type { ServerSocket } from './ports.ts';
import { TokenBucket } from './token-bucket.ts';

/** What is known about the far end of a socket. For logs of misuse. */
export interface SocketInfo {
  readonly address: string;
  readonly userAgent?: string;
}

/** Who a session speaks for, once its token is accepted. */
export interface SessionIdentity extends Actor {
  readonly callWaiting: boolean;
}

/** A live call, as the sessions of its devices see it. */
export interface SessionCall {
  /** As last read or written; null until then. */
  readonly facts: CallFacts | null;
}

/**
 * The life of a session.
 *
 * ```
 * waiting ──hello──▶ welcoming ──▶ ready ──▶ closed
 *    └───────────────────┴───────────────────▲
 * ```
 */
export type SessionPhase =
  /** No `hello` yet. */
  | { readonly name: 'waiting'; readonly helloDueAt: number }
  /** `hello` is being answered. Frames for the client wait, so that the answer comes first. */
  | { readonly name: 'welcoming'; readonly held: string[]; readonly answerDueAt: number }
  | { readonly name: 'ready'; nextBeatAt: number }
  | { readonly name: 'closed' };

/** The bounds of one session. */
export interface SessionLimits {
  readonly helloMs: number;
  readonly frameBurst: number;
  readonly framesPerSecond: number;
  readonly bufferedBytes: number;
}

/** Frames that may wait while `hello` is answered. */
const heldFrames = 1_000;
/** A frame costs one token, and one more for each 4,096 characters. */
const charactersPerToken = 12;

const closedPhase: SessionPhase = { name: 'closed' };

/** One socket of a client: its bounds, its phase, and whom it speaks for. */
export class Session {
  readonly id: string;
  readonly info: SocketInfo;
  phase: SessionPhase;
  /** Set from `welcoming` on, and kept when the session has closed. */
  identity: SessionIdentity | null = null;
  /** When its token expires, on the wall clock as it stood then, and on the monotonic clock. */
  token: { readonly expiresAt: number; readonly endsAtMs: number } | null = null;
  tokenWarned = false;
  /** When it last said anything, on the monotonic clock. */
  heardAt: number;
  /** The live calls in which its device has a leg that is live. */
  readonly calls = new Map<string, SessionCall>();
  readonly #socket: ServerSocket;
  readonly #limits: SessionLimits;
  readonly #bucket: TokenBucket;
  readonly #onClosed: (session: Session, code: number) => void;

  constructor(
    parts: {
      readonly id: string;
      readonly socket: ServerSocket;
      readonly info: SocketInfo;
      readonly nowMs: number;
      readonly onClosed: (session: Session, code: number) => void;
    },
    limits: SessionLimits,
  ) {
    this.id = parts.id;
    this.info = parts.info;
    this.heardAt = parts.nowMs;
    this.phase = { name: 'waiting', helloDueAt: parts.nowMs + limits.helloMs };
    this.#socket = parts.socket;
    this.#limits = limits;
    this.#bucket = new TokenBucket(limits.frameBurst, limits.framesPerSecond, parts.nowMs);
    this.#onClosed = parts.onClosed;
  }

  get isOpen(): boolean {
    return this.phase.name !== 'closed';
  }

  /** Takes the lifetime of a token that was just accepted: from here a step of the wall clock is nothing. */
  holdToken(expiresAt: number | null, clock: Pick<Clock, 'now' | 'monotonic'>): void {
    this.tokenWarned = false;
    this.token =
      expiresAt === null
        ? null
        : { expiresAt, endsAtMs: clock.monotonic() + expiresAt - clock.now() };
  }

  /** Counts a frame that came. False when it is one too many (P-112). */
  admit(frameLength: number, nowMs: number): boolean {
    this.heardAt = nowMs;
    return this.#bucket.take(1 + (frameLength >>> charactersPerToken), nowMs);
  }

  /** Counts a ping or a pong: the network stack sends them, so they are no sign of the client. */
  admitControl(nowMs: number): boolean {
    return this.#bucket.take(1, nowMs);
  }

  /** Sends a frame, after those that wait for the answer to `hello`. */
  send(text: string): void {
    if (this.phase.name === 'welcoming') {
      if (this.phase.held.length >= heldFrames) this.close(CLOSE.tooSlow, 'too many frames wait');
      else this.phase.held.push(text);
    } else {
      this.sendNow(text);
    }
  }

  /** Sends a frame that may be lost: it is dropped while much waits already (P-707). */
  sendLossy(text: string): void {
    if (this.#socket.bufferedBytes <= this.#limits.bufferedBytes / 2) this.send(text);
  }

  /** Sends a frame before those that wait. */
  sendNow(text: string): void {
    if (!this.isOpen) return;
    // P-111
    if (this.#socket.bufferedBytes > this.#limits.bufferedBytes) {
      this.close(CLOSE.tooSlow, 'too many bytes wait');
    } else {
      this.#socket.send(text);
    }
  }

  /** Ends the wait for `hello`: sends its answer, then the frames that waited for it. */
  welcome(answer: string, nextBeatAt: number): void {
    if (this.phase.name !== 'welcoming') return;
    const { held } = this.phase;
    this.phase = { name: 'ready', nextBeatAt };
    this.sendNow(answer);
    for (const text of held) this.sendNow(text);
  }

  /** Closes the socket. What comes from it afterwards is not read. */
  close(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.phase = closedPhase;
    this.#socket.close(code, reason);
    this.#onClosed(this, code);
  }

  /** The socket closed by itself or by the far end. */
  closed(code: number): void {
    if (!this.isOpen) return;
    this.phase = closedPhase;
    this.#onClosed(this, code);
  }
}
