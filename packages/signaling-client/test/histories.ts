import {
  decide,
  decideSystem,
  defaultSettings,
  evolve,
  resolveDeadlines,
} from '@ringfence/call-rules';
import type {
  Actor,
  CallEvent,
  CallFacts,
  CallOutcome,
  Circumstances,
  Decision,
  SystemCommand,
  UserCommand,
} from '@ringfence/call-rules';

export const callId = '018bcfe5-6800-7000-8000-000000000001';
export const otherCallId = '018bcfe5-6800-7000-8000-000000000002';
const deadlines = resolveDeadlines();

export const alice: Actor = { orgId: 'acme', userId: 'alice', deviceId: 'phone' };
export const bob: Actor = { orgId: 'acme', userId: 'bob', deviceId: 'desk' };
export const carol: Actor = { orgId: 'acme', userId: 'carol', deviceId: 'tablet' };

/** A call as the server keeps it: made by the rules, event by event. */
export class History {
  facts: CallFacts | null = null;
  readonly events: CallEvent[] = [];
  readonly callId: string;
  readonly #now: () => number;
  readonly #devices = new Map<string, readonly string[]>(
    [alice, bob, carol].map((each) => [each.userId, [each.deviceId]]),
  );

  constructor(now: () => number, id = callId) {
    this.#now = now;
    this.callId = id;
  }

  /** Runs a command, and returns what it added. `second` is the other call that it may change. */
  run(actor: Actor, command: UserCommand, second?: History): readonly CallEvent[] {
    const decision = decide(this.facts, actor, command, this.#circumstances(second));
    return this.#take(decision, second);
  }

  system(command: SystemCommand): readonly CallEvent[] {
    return this.#take(decideSystem(this.facts!, command, this.#circumstances()));
  }

  /** `from` dials `to`, who has these devices. */
  dial(
    from: Actor,
    to: Actor,
    media = { audio: true, video: false },
    deviceIds: readonly string[] = [to.deviceId],
  ): readonly CallEvent[] {
    this.#devices.set(to.userId, deviceIds);
    return this.run(from, { type: 'call.dial', to: `user:${to.userId}`, media });
  }

  /** `from` dials, while the `crossing` call of the other side rings at them. */
  cross(from: Actor, to: Actor, crossing: History): readonly CallEvent[] {
    const media = { audio: true, video: false };
    return this.run(from, { type: 'call.dial', to: `user:${to.userId}`, media }, crossing);
  }

  /** To the point where `to` has answered. */
  connect(from: Actor, to: Actor): void {
    this.dial(from, to);
    this.run(to, { type: 'call.ring' });
    this.run(to, { type: 'call.accept' });
  }

  /** The facts after the events up to `seq`. */
  at(seq: number): CallFacts {
    let facts: CallFacts | null = null;
    for (const event of this.events.slice(0, seq)) facts = evolve(this.callId, facts, event);
    return facts!;
  }

  #circumstances(crossing?: History): Circumstances {
    return {
      callId: this.callId,
      now: this.#now(),
      deadlines,
      reach: (userId) => ({
        deviceIds: this.#devices.get(userId)!,
        busy: false,
        settings: defaultSettings,
        ...(crossing && { crossing: crossing.facts! }),
      }),
    };
  }

  #take(decision: Decision, second?: History): readonly CallEvent[] {
    if (decision.refusal !== undefined) throw new Error(decision.refusal.code);
    this.#add(decision.events);
    if (decision.other) second!.#add(decision.other.events);
    return decision.events;
  }

  #add(events: CallOutcome['events']): void {
    for (const event of events) this.facts = evolve(this.callId, this.facts, event);
    this.events.push(...events);
  }
}
