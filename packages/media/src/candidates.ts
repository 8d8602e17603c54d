import type { Clock } from '@ringfence/base';
import { candidateLength, candidatesPerSignal } from '@ringfence/protocol';
import type { SignalCandidate } from '@ringfence/protocol';
import { Timer } from './timer.ts';

/**
 * Gathers ICE candidates into few signals: each signal is a frame, a validation and an
 * acknowledgement, and a browser finds five to twenty candidates within a few milliseconds.
 */
export class CandidateBatch {
  readonly #timer: Timer;
  readonly #batchMs: number;
  readonly #send: (candidates: SignalCandidate[]) => void;
  #waiting: SignalCandidate[] = [];

  constructor(clock: Clock, batchMs: number, send: (candidates: SignalCandidate[]) => void) {
    this.#timer = new Timer(clock);
    this.#batchMs = batchMs;
    this.#send = send;
  }

  /** Takes a candidate. One longer than the wire carries is left out: ICE has others. */
  add(candidate: RTCIceCandidate): void {
    if (candidate.candidate.length > candidateLength) return;
    this.#waiting.push({
      candidate: candidate.candidate,
      sdpMid: candidate.sdpMid,
      sdpMLineIndex: candidate.sdpMLineIndex,
      usernameFragment: candidate.usernameFragment,
    });
    if (this.#waiting.length >= candidatesPerSignal) this.flush();
    else if (!this.#timer.isRunning) this.#timer.start(this.#batchMs, () => this.flush());
  }

  /** Sends what waits. */
  flush(): void {
    const candidates = this.#waiting;
    this.stop();
    if (candidates.length > 0) this.#send(candidates);
  }

  /** Forgets what waits. */
  stop(): void {
    this.#timer.stop();
    this.#waiting = [];
  }
}
