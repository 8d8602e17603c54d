/*
 * Started by breaker.ts with `--expose-gc`, a kind and a count. Prints the heap one breaker, or one
 * tube, keeps.
 */
import { CircuitBreaker, Tube } from '@ringfence/isolation';
import { cockatiel, leanOpossum, ours } from './breaker-peers.ts';

const collect = globalThis.gc!;

/** Called once, and all went well. */
function used(): CircuitBreaker {
  const breaker = new CircuitBreaker('dependency');
  breaker.succeeded(breaker.tryEnter());
  return breaker;
}

function failed(breaker: CircuitBreaker): CircuitBreaker {
  breaker.failed(breaker.tryEnter(), 'timeout');
  return breaker;
}

function opened(breaker: CircuitBreaker): CircuitBreaker {
  breaker.isolate();
  breaker.refusal();
  return breaker;
}

const kinds: Readonly<Record<string, () => unknown>> = {
  fresh: used,
  failed: () => failed(used()),
  opened: () => opened(failed(used())),
  heard: () => ours('timed'),
  cockatiel,
  opossum: leanOpossum,
  tube() {
    const tube = new Tube('call');
    for (const dependency of ['signaling', 'media', 'turn']) tube.breaker(dependency);
    return tube;
  },
};

function heapBytes(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

const make = kinds[process.argv[2]!]!;
const count = Number(process.argv[3]);
const held: unknown[] = Array.from({ length: count });
// Compiled code and shared objects are there before the first measure.
for (let number = 0; number < 500; number += 1) held[number] = make();
held.fill(undefined);
const before = heapBytes();
for (let number = 0; number < count; number += 1) held[number] = make();
const bytes = (heapBytes() - before) / held.length;
process.stdout.write(JSON.stringify({ bytes }));
// opossum keeps an interval for each breaker.
process.exit();
