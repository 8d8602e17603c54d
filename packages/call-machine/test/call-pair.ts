import type { Actor, Address, MediaKinds } from '@ringfence/call-rules';
import { CallTown } from './call-town.ts';
import type { Side } from './call-town.ts';
import { alice, bob } from './call-truth.ts';

/** A call of Alice to Bob, on some devices. See {@link CallTown}. */
export class CallPair extends CallTown {
  readonly caller: Side;

  constructor(
    options: {
      kinds?: MediaKinds;
      to?: Address;
      devices?: readonly Actor[];
      delayMs?: () => number;
    } = {},
  ) {
    const { kinds, to = 'user:bob', devices = [bob], delayMs } = options;
    super([alice, ...devices], delayMs);
    this.caller = this.dial(alice, to, kinds);
  }

  /** The sides that were offered the call. */
  get callees(): readonly Side[] {
    return this.sides.filter((side) => side !== this.caller);
  }

  get callee(): Side {
    return this.callees[0]!;
  }

  /** Dials, and lets the callee ring. */
  ring(): this {
    this.caller.actor.start();
    return this.pass();
  }

  /** Dials, accepts, and lets media connect. */
  talk(): this {
    this.ring();
    this.callee.actor.send({ type: 'user.accept' });
    return this.pass();
  }
}
