import type { Clock, TimerHandle } from '@ringfence/base';
import { nextDeadlineAt } from '@ringfence/call-rules';
import type { CallFacts, Leg } from '@ringfence/call-rules';
import type { Call } from '@ringfence/phone';
import type { StoredCall } from './store.ts';
import type { SimulatedUser } from './user.ts';
import { short } from './user.ts';
import type { World } from './world.ts';

type State = Call['state'];

/** How often it looks. */
const LOOK_MS = 250;
/** How late a deadline may be acted on: a sweep, its round trips, and some more. */
const DEADLINE_LATE_MS = 1_500;

/** What a phone may show of a call in which its leg has not lost. */
const shown: Readonly<Record<CallFacts['call']['state'], readonly State[]>> = {
  ringing: ['preparing', 'dialing', 'ringing', 'accepting'],
  connecting: ['connecting'],
  active: ['active', 'reconnecting'],
  ended: ['ended'],
};

function mayShow(facts: CallFacts, leg: Leg, state: State): boolean {
  // A leg that was out of reach rings on until its user or the call ends it.
  if (leg.state === 'lost') return state === 'ended' || leg.lostReason === 'unreachable';
  return shown[facts.call.state].includes(state);
}

/**
 * Looks at a world again and again while it runs:
 *
 *   S12 the server acts on a deadline when it has passed
 *   S13 a phone that hears the server shows what the store knows, as soon as it can know it
 */
export class Monitor {
  readonly broken: string[] = [];
  readonly #world: World;
  readonly #users: readonly SimulatedUser[];
  readonly #settleMs: number;
  readonly #clock: Clock;
  #timer: TimerHandle;
  readonly #seen = new Map<string, { readonly seq: number; readonly sinceMs: number }>();
  readonly #told = new Set<string>();

  /** `settleMs` is how long it takes at most until a phone shows what was written. */
  constructor(world: World, users: readonly SimulatedUser[], settleMs: number) {
    this.#world = world;
    this.#users = users;
    this.#settleMs = settleMs;
    this.#clock = world.time.clock('monitor');
    this.#arm();
  }

  /** Looks no more. */
  stop(): void {
    this.#clock.clearTimeout(this.#timer);
  }

  #arm(): void {
    this.#timer = this.#clock.setTimeout(() => {
      this.#arm();
      this.#look();
    }, LOOK_MS);
  }

  #look(): void {
    // While the store fails, commands wait for it; the end of the run shows what came of them.
    if (this.#world.store.failing > 0) {
      this.#seen.clear();
      return;
    }
    for (const stored of this.#world.store.calls.values()) {
      this.#deadline(stored);
      for (const user of this.#users) this.#view(user, stored);
    }
  }

  #deadline({ callId, facts }: StoredCall): void {
    const dueAt = nextDeadlineAt(facts);
    if (dueAt === null || this.#world.store.now() < dueAt + DEADLINE_LATE_MS) return;
    this.#say(callId, `S12: a deadline of ${callId} passed and nothing came of it`);
  }

  #view(user: SimulatedUser, { callId, facts }: StoredCall): void {
    const nowMs = this.#world.time.elapsedMs;
    const seen = this.#seen.get(callId);
    if (seen?.seq !== facts.call.seq) {
      this.#seen.set(callId, { seq: facts.call.seq, sinceMs: nowMs });
      return;
    }
    const sinceMs = Math.max(seen.sinceMs, user.changedMs(callId), user.heardSinceMs(nowMs));
    if (nowMs - sinceMs < this.#settleMs) return;
    const call = user.calls.find((each) => each.id === callId);
    const leg = facts.legs.find((each) => each.deviceId === user.name);
    if (call === undefined || leg === undefined || mayShow(facts, leg, call.state)) return;
    this.#say(
      `${callId} ${user.name}`,
      `S13: ${user.name} shows ${short(call)} as ${call.state}; it is ${facts.call.state}, ` +
        `its leg ${leg.state} ${leg.lostReason ?? ''}`,
    );
  }

  /** Says it once. */
  #say(key: string, line: string): void {
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#world.trace.add('monitor', line);
    this.broken.push(line);
  }
}
