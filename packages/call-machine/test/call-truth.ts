import type { Clock } from '@ringfence/base';
import { decide, decideSystem, nextDeadlineAt, resolveDeadlines } from '@ringfence/call-rules';
import type {
  Actor,
  CallFacts,
  Decision,
  Reach,
  SystemCommand,
  UserCommand,
} from '@ringfence/call-rules';
import type { CallCommand } from '../src/index.ts';

export const callId = '018bcfe5-6800-7000-8000-000000000001';
export const alice: Actor = { orgId: 'org', userId: 'alice', deviceId: 'alice-1' };
export const bob: Actor = { orgId: 'org', userId: 'bob', deviceId: 'bob-1' };
export const bobToo: Actor = { orgId: 'org', userId: 'bob', deviceId: 'bob-2' };

const deadlines = resolveDeadlines();

/** What the server knows of one call, by the real rules. It keeps the deadlines on the clock. */
export class CallTruth {
  facts: CallFacts | null = null;
  reach: Reach = { deviceIds: ['bob-1'], busy: false, callerBusy: false };
  /** Called after each change. */
  onChange: (facts: CallFacts) => void = () => {};
  readonly #clock: Clock;
  #timer: unknown;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs a command of a device. Returns the code of a refusal. */
  command(actor: Actor, command: CallCommand): string | undefined {
    const asked: UserCommand =
      command.type === 'call.dial' ? { ...command, reach: this.reach } : command;
    return this.#take(decide(this.facts, actor, asked, this.#circumstances()));
  }

  system(command: SystemCommand): void {
    if (this.facts !== null) this.#take(decideSystem(this.facts, command, this.#circumstances()));
  }

  close(): void {
    this.#clock.clearTimeout(this.#timer);
  }

  #circumstances() {
    return { callId, now: this.#clock.now(), deadlines };
  }

  #take(decision: Decision): string | undefined {
    if (decision.refusal !== undefined) return decision.refusal.code;
    if (decision.facts === null || decision.events.length === 0) return undefined;
    this.facts = decision.facts;
    this.#clock.clearTimeout(this.#timer);
    const next = nextDeadlineAt(decision.facts);
    if (next !== null) {
      this.#timer = this.#clock.setTimeout(
        () => this.system({ type: 'deadline.passed' }),
        next - this.#clock.now(),
      );
    }
    this.onChange(decision.facts);
    return undefined;
  }
}
