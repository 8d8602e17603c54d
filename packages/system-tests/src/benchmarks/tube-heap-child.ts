/* Started by status.ts with `--expose-gc` and a count. Prints the heap one tube keeps. */
import { TubeRegistry } from '@ringfence/isolation';
import type { Tube } from '@ringfence/isolation';

const collect = globalThis.gc!;

function heapBytes(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

/** Bytes a tube, of `count` in one registry. */
function measure(count: number, make: (registry: TubeRegistry, name: string) => unknown): number {
  const registry = new TubeRegistry();
  // Compiled code and caches are there before the first measure.
  for (let number = 0; number < 500; number += 1) make(registry, `early ${number}`);
  const names = Array.from({ length: count }, (_, number) => `call ${number}`);
  const before = heapBytes();
  for (const name of names) make(registry, name);
  const bytes = (heapBytes() - before) / count;
  if (registry.size !== count + 500) throw new Error('tubes are missing');
  return bytes;
}

/** A tube with three breakers that each let a call through. */
function withBreakers(registry: TubeRegistry, name: string): Tube {
  const tube = registry.create(name);
  for (const dependency of ['signaling', 'media', 'turn']) {
    const breaker = tube.breaker(dependency);
    breaker.succeeded(breaker.tryEnter());
  }
  return tube;
}

const count = Number(process.argv[2]);
process.stdout.write(
  JSON.stringify({
    withBreakers: measure(count, withBreakers),
    withIceServers: measure(count, (registry, name) =>
      withBreakers(registry, name).iceServers(async () => []),
    ),
  }),
);
