import { decide, decideSystem, evolve, resolveDeadlines } from '@ringfence/call-rules';
import type {
  Actor,
  CallEvent,
  CallFacts,
  SystemCommand,
  UserCommand,
} from '@ringfence/call-rules';

export const callId = '018bcfe5-6800-7000-8000-000000000001';
const deadlines = resolveDeadlines();

export const alice: Actor = { orgId: 'acme', userId: 'alice', deviceId: 'phone' };
export const bob: Actor = { orgId: 'acme', userId: 'bob', deviceId: 'desk' };

/** A call as the server keeps it: made by the rules, event by event. */
export class History {
  facts: CallFacts | null = null;
  readonly events: CallEvent[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Runs a command, and returns what it added. */
  run(actor: Actor, command: UserCommand): readonly CallEvent[] {
    const decision = decide(this.facts, actor, command, { callId, now: this.#now(), deadlines });
    if (decision.refusal !== undefined) throw new Error(decision.refusal.code);
    return this.#take(decision.events);
  }

  system(command: SystemCommand): readonly CallEvent[] {
    const decision = decideSystem(this.facts!, command, { callId, now: this.#now(), deadlines });
    if (decision.refusal !== undefined) throw new Error(decision.refusal.code);
    return this.#take(decision.events);
  }

  /** `from` dials `to`, who has one device. */
  dial(from: Actor, to: Actor, media = { audio: true, video: false }): readonly CallEvent[] {
    const reach = { deviceIds: [to.deviceId], busy: false, callerBusy: false };
    return this.run(from, { type: 'call.dial', to: `user:${to.userId}`, media, reach });
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
    for (const event of this.events.slice(0, seq)) facts = evolve(callId, facts, event);
    return facts!;
  }

  #take(events: readonly CallEvent[]): readonly CallEvent[] {
    for (const event of events) this.facts = evolve(callId, this.facts, event);
    this.events.push(...events);
    return events;
  }
}
