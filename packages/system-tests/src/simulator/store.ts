import { randomFraction } from '@ringfence/base';
import type { Clock, Random } from '@ringfence/base';
import type { CallEvent, CallFacts } from '@ringfence/call-rules';
import { factFaults } from '@ringfence/call-rules/testing';
import { createMemoryStore } from '@ringfence/signaling-server/memory-store';
import type {
  ChangeSet,
  CommitResult,
  Store,
  StoredAnswer,
  StoredSettings,
} from '@ringfence/signaling-server';

/** Everything the store was ever made to say of one call. */
export interface StoredCall {
  readonly orgId: string;
  readonly callId: string;
  /** As committed, in the order of the commits. */
  readonly events: CallEvent[];
  facts: CallFacts;
}

/**
 * The memory store behind a round trip that takes time, so that commands overtake each other, and
 * that may fail. It remembers every commit, apart from the store, for the invariants.
 */
export class SimulatedStore implements Store {
  readonly calls = new Map<string, StoredCall>();
  /** What a write left out of order (I11 to I17), one line each. Must stay empty. */
  readonly faults: string[] = [];
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #longestMs: number;
  /** How likely a round trip fails: half of those before, half after the store did its work. */
  failing = 0;

  constructor(
    serverClock: Clock,
    tripClock: Clock,
    options: { readonly random: Random; readonly longestMs: number },
  ) {
    this.#store = createMemoryStore({ clock: serverClock });
    this.#clock = tripClock;
    this.#random = options.random;
    this.#longestMs = options.longestMs;
  }

  now(): number {
    return this.#store.now();
  }

  commit(changeSet: ChangeSet): Promise<CommitResult> {
    return this.#trip(async () => {
      const result = await this.#store.commit(changeSet);
      if (result.outcome === 'applied') this.#remember(changeSet);
      return result;
    });
  }

  load(orgId: string, callId: string): Promise<CallFacts | null> {
    return this.#trip(() => this.#store.load(orgId, callId));
  }

  eventsAfter(
    orgId: string,
    callId: string,
    afterSeq: number,
    limit: number,
  ): Promise<readonly CallEvent[]> {
    return this.#trip(() => this.#store.eventsAfter(orgId, callId, afterSeq, limit));
  }

  callsOf(orgId: string, userId: string, endedAfter: number): Promise<readonly CallFacts[]> {
    return this.#trip(() => this.#store.callsOf(orgId, userId, endedAfter));
  }

  settingsOf(orgId: string, userId: string): Promise<StoredSettings | null> {
    return this.#trip(() => this.#store.settingsOf(orgId, userId));
  }

  answerOf(orgId: string, userId: string, commandId: string): Promise<StoredAnswer | null> {
    return this.#trip(() => this.#store.answerOf(orgId, userId, commandId));
  }

  due(limit: number): Promise<readonly CallFacts[]> {
    return this.#trip(() => this.#store.due(limit));
  }

  #remember({ orgId, calls }: ChangeSet): void {
    for (const { facts, events } of calls) {
      const callId = facts.call.id;
      this.faults.push(...factFaults(facts).map((fault) => `${callId}: ${fault}`));
      const known = this.calls.get(callId);
      if (known === undefined) {
        this.calls.set(callId, { orgId, callId, events: [...events], facts });
      } else {
        known.events.push(...events);
        known.facts = facts;
      }
    }
  }

  /** Half of the time on the way there, half on the way back. */
  async #trip<T>(work: () => Promise<T>): Promise<T> {
    await this.#wait();
    this.#mayFail();
    const result = await work();
    await this.#wait();
    this.#mayFail();
    return result;
  }

  #mayFail(): void {
    if (this.failing > 0 && randomFraction(this.#random) < this.failing / 2) {
      throw new Error('the simulated store does not answer');
    }
  }

  async #wait(): Promise<void> {
    if (this.#longestMs === 0) return;
    const ms = (randomFraction(this.#random) ** 2 * this.#longestMs) / 2;
    await new Promise<void>((resolve) => this.#clock.setTimeout(resolve, ms));
  }
}
