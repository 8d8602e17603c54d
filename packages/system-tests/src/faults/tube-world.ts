/* A thousand calls in one process, in virtual time, some of them made to fail. */
import { TubeRegistry } from '@ringfence/isolation';
import type { TubeRegistryStatus } from '@ringfence/isolation';
import { FakeClock, settle } from '@ringfence/base/testing';
import { live, ways } from './tube-life.ts';
import type { Life, Way } from './tube-life.ts';

/** Every tenth is made to fail. */
const failEvery = 10;
/** Time moves in steps; what was promised settles after each. */
const stepMs = 10;

export interface World {
  readonly tubes: number;
  /** What each call wrote down; null for those that were made to fail. */
  readonly logs: readonly (readonly string[] | null)[];
  /** How many failed in each way: so that none was forgotten. */
  readonly byWay: ReadonlyMap<Way, number>;
  /** When all had lived. */
  readonly status: TubeRegistryStatus;
  /** After all were closed. */
  readonly left: {
    readonly tubes: number;
    readonly timers: number;
    readonly listeners: number;
    readonly connections: number;
    readonly stuck: number;
  };
  /** Faults, openings and retirements of the calls that were made to fail, by the way they did. */
  readonly told: ReadonlyMap<Way, number>;
  /** Faults of all others: their own code has none. */
  readonly faultsElsewhere: number;
}

/** Lets so many calls live for `forMs`. In a `faulty` world every tenth fails in some way. */
export async function runWorld(tubes: number, forMs: number, faulty: boolean): Promise<World> {
  const clock = new FakeClock();
  const registry = new TubeRegistry({}, { clock });
  const isFailing = (number: number): boolean => number % failEvery === failEvery - 1;
  const wayOf = (number: number): Way | undefined => {
    if (!faulty || !isFailing(number)) return undefined;
    return ways[Math.floor(number / failEvery) % ways.length];
  };
  const told = new Map<Way, number>();
  let faultsElsewhere = 0;
  for (const event of ['tube.fault', 'breaker.opened', 'turn.retired'] as const) {
    registry.on(event, ({ tube }) => {
      const way = wayOf(Number(tube.name));
      if (way !== undefined) told.set(way, (told.get(way) ?? 0) + 1);
      else if (event === 'tube.fault') faultsElsewhere += 1;
    });
  }
  const logs: string[][] = [];
  const lives: Life[] = [];
  const byWay = new Map<Way, number>();
  for (let number = 0; number < tubes; number += 1) {
    const way = wayOf(number);
    if (way !== undefined) byWay.set(way, (byWay.get(way) ?? 0) + 1);
    const log: string[] = [];
    logs.push(log);
    const tube = registry.create(`${number}`);
    lives.push(live({ tube, clock, number, way, write: (line) => log.push(line) }));
  }
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += stepMs) {
      clock.advance(stepMs);
      await settle();
    }
  };
  await pass(forMs);
  const status = registry.status();
  const closing = registry.close();
  await pass(6_000);
  await closing;
  // Time limits of what was under way; the longest is ten seconds.
  await pass(10_000);
  const sum = (count: (life: Life) => number): number =>
    lives.reduce((total, life) => total + count(life), 0);
  return {
    tubes,
    logs: logs.map((log, number) => (isFailing(number) ? null : log)),
    byWay,
    status,
    left: {
      tubes: registry.size,
      timers: clock.pending,
      listeners: sum(({ connection }) => connection.listenerCount),
      connections: sum(({ connection }) => (connection.isClosed ? 0 : 1)),
      stuck: registry.status().stuck,
    },
    told,
    faultsElsewhere,
  };
}
