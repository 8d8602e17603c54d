import fc from 'fast-check';
import { FakeClock, seededRandom } from '@ringfence/base/testing';
import { test } from 'vitest';
import { MemoryChild } from '../testing/index.ts';
import type { ChildExit } from './child.ts';
import { Supervisor } from './supervisor.ts';
import type { Strategy } from './supervisor-options.ts';

const names = ['a', 'b', 'c'] as const;
const maxRestarts = 3;

type Name = (typeof names)[number];

const name = fc.constantFrom(...names);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.nat(20_000) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('crash' as const), name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('exit' as const), name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('hang' as const), name }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('next' as const), name, is: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stop' as const), isForced: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('start' as const) }) },
);

/** A supervisor of children in memory, and what must hold whatever happens to them. */
class Model {
  readonly clock = new FakeClock();
  readonly supervisor: Supervisor<MemoryChild>;
  readonly living = new Map<Name, MemoryChild>();
  readonly next = new Map<Name, number>();
  /** Failures of each child since the last start, and since it was last well for long. */
  readonly #row = new Map<string, number>();
  /** What a listener found: an emitter drops what its listeners throw. */
  #broken: string | undefined;
  #exits: ChildExit[] = [];
  #starts = 0;

  constructor(strategy: Strategy) {
    this.supervisor = new Supervisor(
      names.map((each) => ({ name: each, create: () => this.#create(each) })),
      { strategy, maxRestarts, healthyMs: 86_400_000, restartDelayMs: 2_000 },
      { clock: this.clock, random: seededRandom(1) },
    );
    this.supervisor.on('child.failed', ({ name: failed, restart, restartInMs }) => {
      const row = (this.#row.get(failed) ?? 0) + 1;
      this.#row.set(failed, row);
      if (restart !== row) this.#broken = `counted ${restart} failures of ${row}`;
      if ((restartInMs === undefined) !== row > maxRestarts) this.#broken = 'gave up wrongly';
    });
  }

  start(): void {
    const { state } = this.supervisor;
    const isNew = state === 'idle' || state === 'stopped' || this.supervisor.status().isFatal;
    this.supervisor.start().catch(() => {});
    if (!isNew) return;
    this.#row.clear();
    this.#starts += 1;
    this.supervisor.onExit((exit) => this.#exits.push(exit));
  }

  check(): void {
    if (this.#broken !== undefined) throw new Error(this.#broken);
    const { state, isFatal, children } = this.supervisor.status();
    const states = children.map((child) => child.state);
    if ((state === 'ready') !== states.every((each) => each === 'ready')) {
      throw new Error(`is ${state} while its children are ${states.join()}`);
    }
    if (isFatal && state !== 'error') throw new Error(`is fatal and ${state}`);
    for (const [index, each] of names.entries()) {
      const isThere = this.supervisor.child(each) !== undefined;
      if (isThere !== (states[index] === 'ready')) throw new Error(`${each} is not what it says`);
      if (isThere && this.supervisor.child(each) !== this.living.get(each)) {
        throw new Error(`${each} is an older life`);
      }
    }
    if (this.#exits.length > this.#starts) throw new Error('told its end twice');
  }

  async end(): Promise<void> {
    // Also for those that need force.
    const stop = this.supervisor.stop();
    await this.clock.advanceAsync(60_000);
    await stop;
    if (this.living.size > 0) throw new Error(`left ${[...this.living.keys()].join()} behind`);
    if (this.clock.pending > 0) throw new Error(`left ${this.clock.pending} timers behind`);
    if (this.#exits.length !== this.#starts) throw new Error('did not tell its end');
  }

  #create(each: Name): MemoryChild {
    if (this.living.has(each)) this.#broken = `two lives of ${each} at once`;
    const is = this.next.get(each) ?? 0;
    const ready = [
      () => {},
      () => new Promise<never>(() => {}),
      () => {
        throw new Error('no luck');
      },
    ][is]!;
    const child = new MemoryChild(
      {},
      // Some take longer to be gone than the restart waits.
      { name: each, ready, isStubborn: each === 'c', endMs: each === 'a' ? 0 : 4_000 },
      { clock: this.clock },
    );
    this.living.set(each, child);
    child.onExit(() => this.living.delete(each));
    return child;
  }
}

test.for(['one-for-one', 'one-for-all', 'rest-for-one'] as const)(
  '%s holds its rules whatever happens',
  { timeout: 60_000 },
  async (strategy) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const model = new Model(strategy);
        for (const each of steps) {
          if (each.do === 'advance') await model.clock.advanceAsync(each.ms);
          else if (each.do === 'start') model.start();
          else if (each.do === 'stop') void model.supervisor.stop({ isForced: each.isForced });
          else if (each.do === 'next') model.next.set(each.name, each.is);
          else if (each.do === 'exit') model.living.get(each.name)?.exit(0);
          else if (each.do === 'hang') model.living.get(each.name)?.hang();
          else model.living.get(each.name)?.crash();
          await model.clock.advanceAsync(0);
          model.check();
        }
        await model.end();
      }),
      { numRuns: 300 },
    );
  },
);
