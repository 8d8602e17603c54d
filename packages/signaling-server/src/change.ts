import { nextDeadlineAt, parseAddress } from '@ringfence/call-rules';
import type { CallFacts, Decision, Reach } from '@ringfence/call-rules';
import { commandDigest, userCommand } from './command.ts';
import type { CommandRequest } from './command.ts';
import type { Directory } from './directory.ts';
import type { ChangeSet, Guard, OutboxEntry, StoredAnswer } from './ports.ts';
import type { SessionIdentity } from './session.ts';

/** A decision that changes something. */
export type Change = Extract<Decision, { readonly refusal?: undefined }> & {
  readonly facts: CallFacts;
};

/** The write of a change: it holds when the call still stands where the decision found it. */
export function changeSet(
  callId: string,
  before: CallFacts | null,
  change: Change,
  parts: {
    readonly guards?: readonly Guard[];
    readonly outbox: readonly OutboxEntry[];
    readonly answer?: StoredAnswer;
  },
): ChangeSet {
  const guards: Guard[] = [
    before === null
      ? { guard: 'call.absent', callId }
      : { guard: 'call.seq', callId, seq: before.call.seq },
  ];
  if (change.before !== null) guards.push({ guard: 'time.before', at: change.before });
  if (parts.guards !== undefined) guards.push(...parts.guards);
  return {
    orgId: change.facts.call.orgId,
    guards,
    facts: change.facts,
    nextDeadlineAt: nextDeadlineAt(change.facts),
    events: change.events,
    outbox: parts.outbox,
    answer: parts.answer,
  };
}

/** The answer to a command, to be kept with its change. */
export function storedAnswer(
  actor: SessionIdentity,
  request: CommandRequest,
  answer: string,
  keepUntil: number,
): StoredAnswer {
  return {
    orgId: actor.orgId,
    userId: actor.userId,
    commandId: request.id,
    requestHash: commandDigest(request),
    answer,
    keepUntil,
  };
}

/**
 * What a dial takes for granted until the store says otherwise: that neither side is in a call.
 * The store holds it to that with guards, so a dial needs one round trip.
 */
export class DialAssumption {
  readonly #actor: SessionIdentity;
  readonly #calleeId: string | null;
  readonly #found: { readonly deviceIds: readonly string[]; readonly callWaiting: boolean };
  #isCallerBusy = false;
  #isCalleeBusy = false;

  constructor(actor: SessionIdentity, request: CommandRequest, directory: Directory) {
    const to = request.name === 'call.dial' ? parseAddress(request.body.to) : null;
    this.#actor = actor;
    this.#calleeId = to?.kind === 'user' ? to.id : null;
    this.#found =
      this.#calleeId === null
        ? { deviceIds: [], callWaiting: false }
        : directory.reach(actor.orgId, this.#calleeId);
  }

  get reach(): Reach {
    return {
      deviceIds: this.#found.deviceIds,
      busy: this.#isCalleeBusy,
      callerBusy: this.#isCallerBusy,
    };
  }

  get guards(): readonly Guard[] {
    if (this.#calleeId === null) return [];
    const { orgId } = this.#actor;
    const guards: Guard[] = [
      {
        guard: 'user.engaged',
        orgId,
        userId: this.#actor.userId,
        atMost: this.#actor.callWaiting ? 1 : 0,
      },
    ];
    // A callee that cannot be reached, or is known to be busy, is not rung.
    if (this.#found.deviceIds.length > 0 && !this.#isCalleeBusy) {
      guards.push({
        guard: 'user.engaged',
        orgId,
        userId: this.#calleeId,
        atMost: this.#found.callWaiting ? 1 : 0,
      });
    }
    return guards;
  }

  /** Takes in that a guard did not hold. */
  disprove(guard: Guard): void {
    if (guard.guard !== 'user.engaged') return;
    if (guard.userId === this.#actor.userId) this.#isCallerBusy = true;
    else this.#isCalleeBusy = true;
  }

  /** The rules' command as things are known now. */
  command(request: CommandRequest): ReturnType<typeof userCommand> {
    return userCommand(request, this.reach);
  }
}
