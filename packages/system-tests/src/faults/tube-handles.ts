/* Calls on the real clock, for what only a real process has: handles. */
import { TubeRegistry } from '@ringfence/isolation';
import { live, ways } from './tube-life.ts';
import type { CountedConnection } from './tube-life.ts';

export interface Handles {
  readonly before: number;
  readonly during: number;
  readonly after: number;
}

/** What keeps the process. What ended a moment ago is gone in the next turn. */
async function count(): Promise<number> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  await new Promise<void>((resolve) => setImmediate(resolve));
  return process.getActiveResourcesInfo().length;
}

/** Begins calls, half of them made to fail, closes them at once, and counts what keeps the process. */
export async function liveForReal(tubes: number): Promise<Handles> {
  const before = await count();
  const registry = new TubeRegistry({ tube: { endTimeoutMs: 100 } });
  const connections: CountedConnection[] = [];
  for (let number = 0; number < tubes; number += 1) {
    const tube = registry.create(`${number}`);
    const way = number % 2 === 0 ? undefined : ways[(number >> 1) % ways.length];
    const { connection } = live({ tube, clock: tube.clock, number, way, write: () => {} });
    connections.push(connection);
  }
  const during = await count();
  await registry.close();
  if (connections.some(({ listenerCount }) => listenerCount > 0)) throw new Error('some listen on');
  return { before, during, after: await count() };
}
