/* Started by machine.ts with `--expose-gc` and a count. Prints the heap one held call keeps. */
import { systemClock } from '@ringfence/base';
import { callMachine } from '@ringfence/call-machine';
import { createActor } from 'xstate';
import { talkedCall } from './call-history.ts';
import { callInput, talk } from './machine-calls.ts';

const collect = globalThis.gc!;

/** A call in `active`, with facts, ports and a machine of its own. */
function hold(number: number): unknown {
  const call = talkedCall(number);
  const actor = createActor(callMachine, { input: callInput(call.callId), clock: systemClock });
  actor.start();
  talk(actor, call);
  if (actor.getSnapshot().value !== 'active') throw new Error('the call is not active');
  return actor;
}

function heapBytes(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

const count = Number(process.argv[2]);
const held: unknown[] = Array.from({ length: count });
// Compiled code and caches are there before the first measure.
for (let number = 0; number < 500; number += 1) hold(count + number);
const before = heapBytes();
for (let number = 0; number < count; number += 1) held[number] = hold(number);
const bytesPerCall = (heapBytes() - before) / held.length;
process.stdout.write(JSON.stringify({ bytesPerCall }));
