import type { Clock, TimerHandle } from '@ringfence/base';
import {
  hasJoined,
  isContending,
  isEngaged,
  legOfDevice,
  nextDeadlineAt,
} from '@ringfence/call-rules';
import type { CallFacts, Leg } from '@ringfence/call-rules';
import type { Call } from '@ringfence/phone';
import { isAnswered, isHeldHere, short } from './call-watch.ts';
import type { StoredCall } from './store.ts';
import type { SimulatedUser } from './user.ts';
import type { World } from './world.ts';

type State = Call['state'];

/** How often it looks. */
const LOOK_MS = 250;
/** How late a deadline may be acted on: a sweep, its round trips, and some more. */
const DEADLINE_LATE_MS = 1_500;
/** The longest a call may ring before it is answered, forwarded or given back. */
const RING_MS = 45_000;

/** What a phone may show of a call in which its leg joined and has not left. */
const shownJoined: Readonly<Record<CallFacts['call']['state'], readonly State[]>> = {
  ringing: ['preparing', 'dialing', 'ringing'],
  connecting: ['connecting'],
  // Who came to a call under way connects by itself.
  active: ['active', 'reconnecting', 'connecting'],
  ended: ['ended'],
};

function mayShow(facts: CallFacts, leg: Leg, state: State): boolean {
  if (hasJoined(facts, leg)) return shownJoined[facts.call.state].includes(state);
  if (isContending(leg)) return state === 'ringing' || state === 'accepting';
  // A leg that was out of reach rings on until its user or the call ends it.
  return state === 'ended' || (leg.state === 'lost' && leg.lostReason === 'unreachable');
}

/**
 * Looks at a world again and again while it runs:
 *
 *   S12 the server acts on a deadline when it has passed, and nobody rings for longer than 45 s
 *   S13 a phone that hears the server shows what the store knows, as soon as it can know it
 *   S11 a phone shows a call once at a time
 *   S14 a phone that hears the server shows each call in which a leg of it rings or joined
 *   S15 nobody is in more calls than allowed; a phone is heard in one call at a time
 */
export class Monitor {
  readonly broken: string[] = [];
  readonly #world: World;
  readonly #users: readonly SimulatedUser[];
  readonly #settleMs: number;
  readonly #callsPerUser: number;
  readonly #clock: Clock;
  #timer: TimerHandle;
  readonly #seen = new Map<string, { readonly seq: number; readonly sinceMs: number }>();
  readonly #told = new Set<string>();

  /** `settleMs` is how long it takes at most until a phone shows what was written. */
  constructor(
    world: World,
    users: readonly SimulatedUser[],
    bounds: { readonly settleMs: number; readonly callsPerUser: number },
  ) {
    this.#world = world;
    this.#users = users;
    this.#settleMs = bounds.settleMs;
    this.#callsPerUser = bounds.callsPerUser;
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
    this.#capacity();
    for (const user of this.#users) this.#heardOnce(user);
    for (const user of this.#users) this.#shownOnce(user);
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
    const now = this.#world.store.now();
    const dueAt = nextDeadlineAt(facts);
    if (dueAt === null) return;
    if (now >= dueAt + DEADLINE_LATE_MS) {
      this.#say(callId, `S12: a deadline of ${callId} passed and nothing came of it`);
    }
    for (const { id, state, ringDeadlineAt } of facts.participants) {
      if (state !== 'invited' && state !== 'ringing') continue;
      if (ringDeadlineAt! > now + RING_MS)
        this.#say(`${callId} ${id}`, `S12: ${id} rings too long`);
    }
  }

  /** Who transferred a call gets it back also when they have as many as they may. */
  #capacity(): void {
    const live = [...this.#world.store.calls.values()].filter(
      ({ facts }) => facts.call.state !== 'ended',
    );
    for (const userId of new Set(this.#users.map((user) => user.userId))) {
      const own = live.filter(({ facts }) => isEngaged(facts, userId));
      const back = own.filter(({ facts }) =>
        facts.participants.some((each) => each.userId === userId && each.via === 'return'),
      );
      if (own.length - back.length <= this.#callsPerUser) continue;
      this.#say(`capacity ${userId}`, `S15: ${userId} is in ${own.length} calls`);
    }
  }

  #heardOnce(user: SimulatedUser): void {
    if (user.isGone) return;
    const heard = user.live.filter(({ call }) => isAnswered(call) && !isHeldHere(call));
    if (heard.length < 2) return;
    const ids = heard.map(({ call }) => short(call)).join(' and ');
    this.#say(`heard ${user.name}`, `S15: ${user.name} is heard in ${ids} at once`);
  }

  #shownOnce(user: SimulatedUser): void {
    const ids = user.live.map(({ call }) => call.id);
    if (new Set(ids).size === ids.length) return;
    this.#say(`twice ${user.name}`, `S11: ${user.name} shows a call twice, of ${ids.join()}`);
  }

  #view(user: SimulatedUser, { callId, facts }: StoredCall): void {
    const nowMs = this.#world.time.elapsedMs;
    const seen = this.#seen.get(callId);
    if (seen?.seq !== facts.call.seq) {
      this.#seen.set(callId, { seq: facts.call.seq, sinceMs: nowMs });
      return;
    }
    const leg = legOfDevice(facts, user.userId, user.name);
    if (leg === undefined) return;
    const watch = user.shown(callId);
    const sinceMs = Math.max(seen.sinceMs, user.changedMs(callId), user.heardSinceMs(nowMs));
    if (nowMs - sinceMs < this.#settleMs) return;
    const what = `it is ${facts.call.state}, its leg ${leg.state} ${leg.lostReason ?? ''}`;
    if (watch === undefined) return this.#unseen(user, facts, leg, what);
    if (mayShow(facts, leg, watch.call.state)) return;
    this.#say(
      `${callId} ${user.name}`,
      `S13: ${user.name} shows ${short(watch.call)} as ${watch.call.state}; ${what}`,
    );
  }

  /** A call that the phone does not show, though it should. */
  #unseen(user: SimulatedUser, facts: CallFacts, leg: Leg, what: string): void {
    const { id, state } = facts.call;
    if (state === 'ended' || !(hasJoined(facts, leg) || isContending(leg))) return;
    // It waits for this phone's own dial to the same user, which has not come to anything yet.
    const isCrossed = user.live.some(
      ({ call }) =>
        (call.state === 'preparing' || call.state === 'dialing') &&
        call.peer.userId === facts.participants[0]!.userId,
    );
    if (isCrossed) return;
    this.#say(`${id} ${user.name}`, `S14: ${user.name} does not show ${short({ id })}; ${what}`);
  }

  /** Says it once. */
  #say(key: string, line: string): void {
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#world.trace.add('monitor', line);
    this.broken.push(line);
  }
}
