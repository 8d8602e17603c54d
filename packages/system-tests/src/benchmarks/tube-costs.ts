/*
 * What the single things cost that phone and media do with the tube of a call, and how often a call
 * does each. Costs are those of a tube less those of a bare one, in a hot loop on a clock that does
 * nothing: what is left is ours.
 */
import { systemClock } from '@ringfence/base';
import type { Clock } from '@ringfence/base';
import { TubeRegistry } from '@ringfence/isolation';
import type { Tube } from '@ringfence/isolation';
import { bareTube } from './bare-tube.ts';
import { difference, interleave } from './statistics.ts';

/** What a call does with its tube. */
export type TubeUse =
  'life' | 'timer' | 'contain' | 'call' | 'own' | 'finish' | 'breaker' | 'enter' | 'execute';

/** Counts what is done with a tube. */
export function countedTube(tube: Tube, counts: Map<TubeUse, number>): Tube {
  const count = (use: TubeUse): void => void counts.set(use, (counts.get(use) ?? 0) + 1);
  count('life');
  const { clock } = tube;
  const counting: Clock = {
    ...clock,
    setTimeout(callback, delayMs) {
      count('timer');
      return clock.setTimeout(callback, delayMs);
    },
  };
  const counted = {
    name: tube.name,
    clock: counting,
    get closed() {
      return tube.closed;
    },
    iceServers: ((fetch, options) =>
      tube.iceServers((context) => {
        count('execute');
        return fetch(context);
      }, options)) as Tube['iceServers'],
    breaker(dependency: string) {
      count('breaker');
      const breaker = tube.breaker(dependency);
      const tryEnter = breaker.tryEnter.bind(breaker);
      breaker.tryEnter = (timeoutMs) => {
        count('enter');
        return tryEnter(timeoutMs);
      };
      return breaker;
    },
    execute: ((...given) => {
      count('execute');
      return tube.execute(...given);
    }) as Tube['execute'],
    contain: ((source, callback) => {
      count('contain');
      return tube.contain(source, (...given) => {
        count('call');
        return callback(...given);
      });
    }) as Tube['contain'],
    listeners: () => tube.listeners(),
    own: ((resource) => {
      count('own');
      return tube.own(resource);
    }) as Tube['own'],
    finish: ((resource) => {
      count('finish');
      tube.finish(resource);
    }) as Tube['finish'],
    disown: ((resource) => tube.disown(resource)) as Tube['disown'],
    close: () => tube.close(),
  };
  return counted as unknown as Tube;
}

/** Times stand still, and nothing fires. */
const stillClock: Clock = {
  now: () => 0,
  monotonic: () => 0,
  setTimeout: () => stillClock,
  clearTimeout() {},
};

type Make = (name: string) => Tube;
type Step = (tube: Tube) => unknown;

const nothing = (): void => {};

/** How each is done again. The calls of one round go to one tube, but for `life`: it is that tube. */
const steps: Readonly<Record<Exclude<TubeUse, 'life'>, (tube: Tube) => Step>> = {
  timer: () => (tube) => tube.clock.clearTimeout(tube.clock.setTimeout(nothing, 1_000)),
  contain: () => (tube) => tube.contain('event', nothing),
  call: (tube) => tube.contain('event', nothing),
  own: () => (tube) => {
    const end = (): void => {};
    tube.own(end);
    tube.disown(end);
  },
  finish: () => (tube) => tube.finish(nothing),
  breaker: (tube) => {
    // The first of three makes it, in a life; the others find it.
    for (const dependency of ['signaling', 'turn', 'media']) tube.breaker(dependency);
    return () => tube.breaker('media');
  },
  enter: (tube) => {
    const breaker = tube.breaker('media');
    return () => breaker.succeeded(breaker.tryEnter(0));
  },
  execute: () => (tube) => tube.execute('turn', async () => nothing, { timeoutMs: 3_000 }),
};

/**
 * A tube from beginning to end, on the real clock: the first of everything that a call does with it,
 * and what it owns when it closes.
 */
async function life(make: Make): Promise<void> {
  const tube = make('call');
  tube.listeners();
  for (const dependency of ['signaling', 'turn', 'media']) tube.breaker(dependency);
  const timers = [1_000, 2_000, 3_000].map((delayMs) => tube.clock.setTimeout(nothing, delayMs));
  await tube.execute('turn', async () => nothing, { timeoutMs: 3_000 });
  tube.own(() => {});
  await tube.close();
  // A bare one leaves them.
  for (const timer of timers) tube.clock.clearTimeout(timer);
}

function contestant(make: Make, use: TubeUse, times: number): () => Promise<number> {
  return async () => {
    if (use === 'life') {
      const startMs = performance.now();
      for (let done = 0; done < times; done += 1) await life(make);
      return ((performance.now() - startMs) * 1_000) / times;
    }
    const tube = make('call');
    const step = steps[use](tube);
    const startMs = performance.now();
    if (use === 'execute') for (let done = 0; done < times; done += 1) await step(tube);
    else for (let done = 0; done < times; done += 1) step(tube);
    const tookMs = performance.now() - startMs;
    await tube.close();
    return (tookMs * 1_000) / times;
  };
}

/** Microseconds that each costs more with a tube than without. */
export async function measureUses(rounds: number): Promise<ReadonlyMap<TubeUse, number>> {
  const costs = new Map<TubeUse, number>();
  const uses: readonly TubeUse[] = ['life', ...(Object.keys(steps) as (keyof typeof steps)[])];
  for (const use of uses) {
    const clock = use === 'life' ? systemClock : stillClock;
    await using tubes = new TubeRegistry({}, { clock });
    const contestants = {
      real: contestant((name) => tubes.create(name), use, 1_000),
      bare: contestant((name) => bareTube(name, { clock }), use, 1_000),
    };
    await interleave(10, contestants);
    const took = await interleave(rounds, contestants);
    costs.set(use, Math.max(0, difference(took.real, took.bare).estimate));
  }
  return costs;
}
