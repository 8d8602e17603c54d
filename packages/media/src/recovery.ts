/*
 * The ICE ladder: wait, restart, restart again, give up.
 *
 * ```
 *              connected             lost
 * connecting ────────────▶ connected ────▶ waiting ──restartAfterMs──▶ restarting(n) ──▶ failed
 *      │                      ▲               │                           │   ▲            ▲
 *      │                      └───connected───┴──────────connected────────┘   │            │
 *      └──────────────────────────────failed──────────────────────────────────┘  giveUpMs ─┘
 * ```
 *
 *   1. An attempt counts once the peer has agreed to it: while the peer is away there is nobody to
 *      restart with, and the server's grace rules over the call.
 *   2. The wait is jittered: when a TURN server dies, its calls do not all ask for a new one at once.
 *   3. `giveUpMs` bounds the whole of it, whatever happens.
 */
import { randomFraction } from '@ringfence/base';
import type { Clock, Random } from '@ringfence/base';
import { refused } from '@ringfence/isolation';
import type { CircuitBreaker } from '@ringfence/isolation';
import { Timer } from './timer.ts';

export interface RecoveryOptions {
  readonly restartAfterMs: number;
  readonly restartTimeoutMs: number;
  readonly restartAttempts: number;
  readonly giveUpMs: number;
}

export interface RecoveryHooks {
  connected(): void;
  disconnected(): void;
  /** Fetches ICE servers and restarts ICE. Never throws. */
  restart(): void;
  /** The ladder has no rung left. */
  failed(): void;
}

type Phase = 'connecting' | 'connected' | 'waiting' | 'restarting' | 'over';

export class Recovery {
  readonly #options: RecoveryOptions;
  readonly #hooks: RecoveryHooks;
  readonly #random: Random;
  readonly #step: Timer;
  readonly #giveUp: Timer;
  readonly #breaker: CircuitBreaker;
  /** Of the attempt under way. */
  #entry = 0;
  #phase: Phase = 'connecting';
  #attempts = 0;

  constructor(
    options: RecoveryOptions,
    hooks: RecoveryHooks,
    {
      breaker,
      clock,
      random,
    }: { readonly breaker: CircuitBreaker; readonly clock: Clock; readonly random: Random },
  ) {
    this.#options = options;
    this.#hooks = hooks;
    this.#random = random;
    this.#breaker = breaker;
    this.#step = new Timer(clock);
    this.#giveUp = new Timer(clock);
  }

  /** For the connection's `connectionstatechange`. */
  connectionChanged(state: RTCPeerConnectionState): void {
    if (this.#phase === 'over') return;
    if (state === 'connected') this.#connected();
    else if (state === 'disconnected') this.#lost();
    else if (state === 'failed') {
      this.#lost();
      // While the peer has not agreed to the attempt under way, the old failure tells nothing new.
      if (this.#phase !== 'restarting' || this.#step.isRunning) this.#attempt();
    }
  }

  /** Both sides agree on their descriptions: an attempt under way can now show what it is worth. */
  negotiated(): void {
    if (this.#phase !== 'restarting') return;
    this.#step.start(this.#options.restartTimeoutMs, () => this.#attempt());
  }

  stop(): void {
    this.#phase = 'over';
    this.#breaker.abandoned(this.#entry);
    this.#step.stop();
    this.#giveUp.stop();
  }

  #connected(): void {
    if (this.#phase === 'connected') return;
    this.#phase = 'connected';
    this.#attempts = 0;
    this.#step.stop();
    this.#giveUp.stop();
    this.#hooks.connected();
    // Last: who listens to it may end it all.
    this.#breaker.succeeded(this.#entry);
    this.#entry = 0;
  }

  #lost(): void {
    if (this.#phase !== 'connected') return;
    this.#phase = 'waiting';
    this.#startGivingUp();
    const waitMs = this.#options.restartAfterMs * (1 - randomFraction(this.#random) / 2);
    this.#step.start(waitMs, () => this.#attempt());
    this.#hooks.disconnected();
  }

  #attempt(): void {
    this.#breaker.failed(this.#entry, 'ice_restart');
    // A hook, or who listens to the breaker, may have ended it all.
    if (this.#phase === 'over') return;
    if (this.#attempts >= this.#options.restartAttempts) return this.#fail();
    this.#phase = 'restarting';
    this.#startGivingUp();
    this.#entry = this.#breaker.tryEnter(0);
    if (this.#entry === refused) {
      // Many restarts of this call failed; the ladder waits with the breaker.
      return this.#step.start(this.#breaker.retryAfterMs || 1_000, () => this.#attempt());
    }
    this.#step.stop();
    this.#attempts += 1;
    this.#hooks.restart();
  }

  #startGivingUp(): void {
    if (!this.#giveUp.isRunning) this.#giveUp.start(this.#options.giveUpMs, () => this.#fail());
  }

  #fail(): void {
    this.stop();
    this.#hooks.failed();
  }
}
