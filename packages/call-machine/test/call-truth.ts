import type { Clock } from '@ringfence/base';
import {
  decide,
  decideSystem,
  defaultSettings,
  directRinging,
  nextDeadlineAt,
  resolveDeadlines,
} from '@ringfence/call-rules';
import type {
  Actor,
  CallFacts,
  Circumstances,
  Decision,
  Reach,
  SystemCommand,
  UserCommand,
} from '@ringfence/call-rules';
import type { CallCommand } from '../src/index.ts';

/** The id of the call number `number`. */
export const callIdOf = (number: number): string =>
  `018bcfe5-6800-7000-8000-${String(number).padStart(12, '0')}`;
export const callId = callIdOf(1);

const device = (userId: string, number = 1): Actor => ({
  orgId: 'org',
  userId,
  deviceId: `${userId}-${number}`,
});
export const alice = device('alice');
export const bob = device('bob');
export const bobToo = device('bob', 2);
export const carol = device('carol');
export const dave = device('dave');

const deadlines = resolveDeadlines();

/** What the server knows of some calls, by the real rules. It keeps the deadlines on the clock. */
export class CallTruth {
  readonly calls = new Map<string, CallFacts>();
  /** What is known of each user; who is not named has one device, which can be reached. */
  readonly reach = new Map<string, Partial<Reach>>();
  /** Called for each call that changed, after all that changed in the same write. */
  onChange: (facts: CallFacts) => void = () => {};
  readonly #clock: Clock;
  readonly #timers = new Map<string, unknown>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The facts of the first call; null before it was dialed. */
  get facts(): CallFacts | null {
    return this.calls.get(callId) ?? null;
  }

  /** Runs a command of a device. Returns the code of a refusal. */
  command(actor: Actor, command: CallCommand, id = callId): string | undefined {
    const other = (otherId: string) => ({ ...command, other: this.calls.get(otherId) ?? null });
    let asked = command as UserCommand;
    if (command.type === 'call.merge') asked = other(command.fromCallId) as UserCommand;
    else if ('toCallId' in command) asked = other(command.toCallId) as UserCommand;
    const facts = this.calls.get(id) ?? null;
    return this.#take(decide(facts, actor, asked, this.#circumstances(id, actor.userId)));
  }

  /** Tells of something that the server found out of a call, or of all of them. */
  system(command: SystemCommand, id?: string): void {
    for (const [each, facts] of this.calls) {
      if (id !== undefined && id !== each) continue;
      this.#take(decideSystem(facts, command, this.#circumstances(each)));
    }
  }

  close(): void {
    for (const timer of this.#timers.values()) this.#clock.clearTimeout(timer);
  }

  #circumstances(id: string, actorUserId?: string): Circumstances {
    const reach = (userId: string): Reach => {
      const crossing = [...this.calls.values()].find((facts) => {
        const rung = directRinging(facts);
        return rung?.fromUserId === userId && rung.toUserId === actorUserId;
      });
      return {
        deviceIds: [`${userId}-1`],
        busy: false,
        settings: defaultSettings,
        ...this.reach.get(userId),
        crossing,
      };
    };
    return { callId: id, now: this.#clock.now(), deadlines, reach };
  }

  #take(decision: Decision): string | undefined {
    if (decision.refusal !== undefined) return decision.refusal.code;
    if (decision.facts === null || decision.events.length === 0) return undefined;
    const changed = [decision.facts, ...(decision.other ? [decision.other.facts] : [])];
    for (const facts of changed) {
      this.calls.set(facts.call.id, facts);
      this.#schedule(facts);
    }
    for (const facts of changed) this.onChange(facts);
    return undefined;
  }

  #schedule(facts: CallFacts): void {
    const { id } = facts.call;
    this.#clock.clearTimeout(this.#timers.get(id));
    const next = nextDeadlineAt(facts);
    if (next === null) return;
    const passed = (): void => this.system({ type: 'deadline.passed' }, id);
    this.#timers.set(id, this.#clock.setTimeout(passed, next - this.#clock.now()));
  }
}
