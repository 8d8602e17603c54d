import { toError } from '@ringfence/base';
import type { Clock, Logger, TimerHandle } from '@ringfence/base';
import { CLOSE, writeEvent } from '@ringfence/protocol';
import type { Calls } from './calls.ts';
import type { Directory } from './directory.ts';
import { isStoreFailure } from './failures.ts';
import type { ResolvedServerOptions } from './options.ts';
import type { Peers } from './peers.ts';
import type { Session } from './session.ts';
import type { StoreAccess } from './store-access.ts';

export interface PulseParts {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly directory: Directory;
  readonly logger: Logger;
  readonly peers: Peers;
  readonly sessions: ReadonlySet<Session>;
  readonly store: StoreAccess;
}

/**
 * The one timer of a server. Each time it looks after every session (beats, silence, tokens) and
 * sweeps the deadlines that have passed from the store.
 */
export class Pulse {
  readonly #parts: PulseParts;
  readonly #options: ResolvedServerOptions;
  #timer: TimerHandle | undefined;
  #expectedAt = 0;
  #healAt = 0;
  #beat = 0;
  #isSweeping = false;

  constructor(options: ResolvedServerOptions, parts: PulseParts) {
    this.#options = options;
    this.#parts = parts;
  }

  start(): void {
    this.#arm(this.#parts.clock.monotonic());
  }

  stop(): void {
    this.#parts.clock.clearTimeout(this.#timer);
  }

  #arm(nowMs: number): void {
    const { sweepMs } = this.#options;
    this.#expectedAt = nowMs + sweepMs;
    this.#timer = this.#parts.clock.setTimeout(() => this.#tick(), sweepMs);
  }

  #tick(): void {
    const { calls, clock, directory, logger, peers } = this.#parts;
    const nowMs = clock.monotonic();
    const lateMs = this.#stoodStillMs(nowMs);
    this.#arm(nowMs);
    try {
      this.#sessions(nowMs, lateMs);
      directory.purge(nowMs);
      calls.purge(nowMs);
      peers.tick(nowMs, lateMs);
      calls.retry();
      if (peers.size > 0 && nowMs >= this.#healAt) {
        this.#healAt = nowMs + this.#options.beatMs;
        calls.heal();
      }
    } catch (thrown) {
      logger.error('a tick failed', { error: toError(thrown).message });
    }
    if (!this.#isSweeping) void this.#sweep();
  }

  /** For how long this process did not run. Nobody could be heard then. */
  #stoodStillMs(nowMs: number): number {
    const lateMs = nowMs - this.#expectedAt;
    return lateMs >= this.#options.beatMs ? lateMs : 0;
  }

  #sessions(nowMs: number, lateMs: number): void {
    this.#beat += 1;
    let idleBeat: string | undefined;
    for (const session of this.#parts.sessions) {
      const { phase } = session;
      if (phase.name === 'waiting') {
        // P-301
        if (nowMs >= phase.helloDueAt) session.close(CLOSE.helloTimeout, 'no hello in time');
        continue;
      }
      if (phase.name === 'welcoming' && nowMs >= phase.answerDueAt) {
        // P-110
        session.close(CLOSE.overloaded, 'hello is not answered in time');
      }
      if (phase.name !== 'ready') continue;
      session.heardAt += lateMs;
      this.#watchToken(session, nowMs);
      if (nowMs - session.heardAt >= this.#options.silentMs) {
        // P-604
        session.close(CLOSE.tooSlow, 'no answer to beats');
      } else if (nowMs >= phase.nextBeatAt) {
        phase.nextBeatAt = nowMs + this.#options.beatMs;
        if (session.calls.size > 0) session.send(beatOf(session, this.#beat));
        else session.send((idleBeat ??= writeEvent('beat', { n: this.#beat, calls: {} })));
      }
    }
  }

  /** P-306, P-307 */
  #watchToken(session: Session, nowMs: number): void {
    if (session.token === null) return;
    const { expiresAt, endsAtMs } = session.token;
    if (nowMs >= endsAtMs) {
      session.close(CLOSE.unauthorized, 'token expired');
    } else if (!session.tokenWarned && nowMs >= endsAtMs - this.#options.tokenWarningMs) {
      session.tokenWarned = true;
      session.send(writeEvent('token.expiring', { expiresAt }));
    }
  }

  async #sweep(): Promise<void> {
    const { calls, logger, store } = this.#parts;
    this.#isSweeping = true;
    try {
      const due = await store.trip((real) => real.due(this.#options.sweepCalls));
      for (const facts of due) calls.deadline(facts);
    } catch (thrown) {
      // A store that does not answer has been told of already, and the next sweep asks again.
      if (!isStoreFailure(thrown)) {
        logger.error('a sweep failed', { error: toError(thrown).message });
      }
    }
    this.#isSweeping = false;
  }
}

/** P-601 */
function beatOf(session: Session, n: number): string {
  const calls: Record<string, number> = {};
  for (const [callId, { facts }] of session.calls) calls[callId] = facts?.call.seq ?? 0;
  return writeEvent('beat', { n, calls });
}
