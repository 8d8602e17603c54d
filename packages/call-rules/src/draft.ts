import type { Reach } from './commands.ts';
import type { Deadlines } from './deadlines.ts';
import { evolve } from './events.ts';
import type { CallEvent, CallEventBody } from './events.ts';
import {
  areConnected,
  isContending,
  isRinging,
  joinedLegs,
  participantOfLeg,
  participantOfUser,
} from './facts.ts';
import type {
  CallFacts,
  CallId,
  EndCause,
  EndReason,
  Leg,
  LegLostReason,
  Participant,
  ParticipantId,
} from './facts.ts';
import type { Refusal, RefusalCode } from './refusals.ts';

/** What the rules need besides the facts and the command. */
export interface Circumstances {
  readonly callId: string;
  /** The store's time, milliseconds since the Unix epoch. */
  readonly now: number;
  readonly deadlines: Deadlines;
  /** What is known of a user of the call's organisation. Asked of whom the rules would ring. */
  reach(userId: string): Reach;
}

/** New events of one call, and the facts they lead to. */
export interface CallOutcome {
  readonly facts: CallFacts;
  readonly events: readonly CallEvent[];
}

/** A decision: the events to commit and the facts they lead to, or a refusal. */
export type Decision =
  | {
      readonly refusal?: undefined;
      /** Empty when the facts already say what was asked. */
      readonly events: readonly CallEvent[];
      /** Null only when there was no call and nothing happened. */
      readonly facts: CallFacts | null;
      /** The commit must fall before this time: the accept's ring deadline. */
      readonly before: number | null;
      /** The second call that changes, in the same write. */
      readonly other?: CallOutcome | undefined;
    }
  | { readonly refusal: Refusal };

/** Ends of an invitation after which who transferred the call gets it back. */
const failures: ReadonlySet<EndReason> = new Set([
  'declined',
  'busy',
  'unanswered',
  'unreachable',
  'failed',
]);

/** Collects the events of one decision and keeps the facts current while a rule goes on. */
export class Draft {
  facts: CallFacts | null;
  readonly events: CallEvent[] = [];
  before: number | null = null;
  other: CallOutcome | undefined;
  readonly circumstances: Circumstances;

  constructor(facts: CallFacts | null, circumstances: Circumstances) {
    this.facts = facts;
    this.circumstances = circumstances;
  }

  /** The facts, where a call is known to exist. */
  get known(): CallFacts {
    return this.facts!;
  }

  get hasEnded(): boolean {
    return this.facts?.call.state === 'ended';
  }

  /** The ids that the next participant and the next leg get. */
  get nextParticipantId(): ParticipantId {
    return `p${this.known.participants.length + 1}`;
  }

  get nextLegId(): string {
    return `l${this.known.legs.length + 1}`;
  }

  add(body: CallEventBody): void {
    const seq = (this.facts?.call.seq ?? 0) + 1;
    const event: CallEvent = { ...body, seq, at: this.circumstances.now };
    this.facts = evolve(this.circumstances.callId, this.facts, event);
    this.events.push(event);
  }

  /** Offers the call to a device. Returns the id of its leg. */
  offer(
    participantId: ParticipantId,
    { userId, deviceId }: { readonly userId: string; readonly deviceId: string },
  ): string {
    const { now, deadlines } = this.circumstances;
    const legId = this.nextLegId;
    const acknowledgeDeadlineAt = now + deadlines.acknowledgeMs;
    this.add({
      type: 'leg.offered',
      legId,
      participantId,
      userId,
      deviceId,
      acknowledgeDeadlineAt,
    });
    return legId;
  }

  /** Rule 2: every leg of the participant that still rings loses, save `toLegId`, the winner. */
  loseLegs(participantId: string, reason: LegLostReason, toLegId?: string): void {
    for (const leg of this.known.legs) {
      if (leg.participantId !== participantId || !isContending(leg) || leg.id === toLegId) continue;
      this.add({ type: 'leg.lost', legId: leg.id, reason, ...(toLegId && { toLegId }) });
    }
  }

  /**
   * One participant leaves. The call goes on where others can talk or wait for each other (rule 8),
   * and goes back to who transferred it where this one did not take it (rule 9); else it ends, with
   * this reason. `by` is null when a deadline or the server did it.
   */
  leave(
    participant: Participant,
    reason: EndReason,
    cause: EndCause | null,
    by: Participant | null,
  ): void {
    const others = this.present.filter(({ id }) => id !== participant.id);
    const transferor = failures.has(reason) ? this.returnTo(participant) : null;
    // Whoever was transferred with them may take it yet, or has.
    const isTaken = transferor !== null && others.some((each) => this.#isFrom(transferor, each));
    const returnTo = isTaken ? null : transferor;
    const isAlone = !others.some(({ state }) => state === 'joined');
    if (isAlone || (others.length < 2 && returnTo === null)) return this.end(reason, cause, by);
    this.depart(participant, reason, cause, by);
    if (returnTo !== null) this.#giveBack(returnTo, participant);
    this.regroup();
  }

  /** One participant leaves, and nothing follows from it yet. */
  depart(
    participant: Participant,
    reason: EndReason,
    cause: EndCause | null,
    by: Participant | null,
  ): void {
    if (isRinging(participant)) this.loseLegs(participant.id, lostReasonAt(reason));
    const { id: participantId } = participant;
    this.add({ type: 'participant.left', participantId, reason, cause, by: by?.id ?? null });
  }

  /** Brings state and roles in line with who is in the call now (rules 8 and 10). */
  regroup(): void {
    const joined = this.present.filter(({ state }) => state === 'joined');
    if (!joined.some(({ role }) => role === 'moderator')) {
      // A guest is given the call only where nobody else is left.
      const { id: participantId } = joined.find(({ role }) => role !== 'guest') ?? joined[0]!;
      this.add({ type: 'participant.role', participantId, role: 'moderator' });
    }
    const { call } = this.known;
    const legs = joinedLegs(this.known);
    if (legs.length < 2) {
      if (call.state !== 'ringing') this.add({ type: 'call.ringing' });
      this.#lease();
    } else if (call.state === 'ringing' || (call.state === 'active' && !isAnyConnected(legs))) {
      this.connect();
    }
  }

  /** A silent device that waits has a lease: no connect deadline watches it any more (rule 5). */
  #lease(): void {
    const graceDeadlineAt = this.circumstances.now + this.circumstances.deadlines.leaseMs;
    for (const { id, silent, graceDeadlineAt: runs } of joinedLegs(this.known)) {
      if (silent && runs === null) this.add({ type: 'leg.graced', legId: id, graceDeadlineAt });
    }
  }

  /** The connect deadline starts to run for all that joined (rule 5). */
  connect(): void {
    const { now, deadlines } = this.circumstances;
    this.add({
      type: 'call.connecting',
      mediaEpoch: Math.max(1, this.known.call.mediaEpoch),
      connectDeadlineAt: now + deadlines.connectMs,
    });
  }

  /** Everyone leaves, with the call's reason. `by` is null when a deadline or the server ends it. */
  end(reason: EndReason, cause: EndCause | null, by: Participant | null, movedTo?: CallId): void {
    for (const participant of this.present) this.depart(participant, reason, cause, by);
    const end = { type: 'call.ended', reason, cause, by: by?.id ?? null } as const;
    this.add(movedTo === undefined ? end : { ...end, movedTo });
  }

  /** Who gets the call back when this participant does not take it; null when nobody does. */
  returnTo(participant: Participant): Participant | null {
    if (participant.connectedAt !== null) return null;
    const called = this.#called(participant);
    if (called.via !== 'transfer') return null;
    const transferor = this.#byId(called.invitedBy!);
    const isAway = participantOfUser(this.known, transferor.userId) === transferor;
    return isAway && transferor.leftReason === 'transferred' ? transferor : null;
  }

  /** Those who have not left. */
  get present(): readonly Participant[] {
    return this.known.participants.filter(({ state }) => state !== 'left');
  }

  done(): Decision {
    const { events, facts, before, other } = this;
    return { events, facts, before, ...(other && { other }) };
  }

  /** Whom the call was for before it was forwarded. */
  #called(participant: Participant): Participant {
    let called = participant;
    while (called.via === 'forward') called = this.#byId(called.invitedBy!);
    return called;
  }

  #isFrom(transferor: Participant, participant: Participant): boolean {
    const { via, invitedBy } = this.#called(participant);
    return via === 'transfer' && invitedBy === transferor.id;
  }

  #byId(id: ParticipantId): Participant {
    return this.known.participants.find((participant) => participant.id === id)!;
  }

  /** Rings who transferred the call, on the device they did it with. */
  #giveBack(transferor: Participant, failed: Participant): void {
    const { now, deadlines } = this.circumstances;
    const leg = this.known.legs.find(({ id }) => id === transferor.wonLegId)!;
    const participantId = this.nextParticipantId;
    this.add({
      type: 'participant.invited',
      participantId,
      address: transferor.address,
      userId: transferor.userId,
      role: 'member',
      via: 'return',
      by: failed.id,
      ringDeadlineAt: now + deadlines.ringMs,
    });
    this.offer(participantId, leg);
  }
}

function isAnyConnected(legs: readonly Leg[]): boolean {
  return legs.some((one) => legs.some((other) => areConnected(one, other)));
}

function lostReasonAt(reason: EndReason): LegLostReason {
  if (reason === 'unanswered' || reason === 'unreachable' || reason === 'busy') return reason;
  return 'canceled';
}

/** A decision against the command. */
export function refuse(code: RefusalCode, details: Omit<Refusal, 'code'> = {}): Decision {
  return { refusal: { code, ...details } };
}

/**
 * Refuses a command on a call that is over for who asks: how and when their own part ended, for they
 * are told nothing of what came later, and why their leg lost if it did. Null while they are in it.
 */
export function refuseOver(
  facts: CallFacts,
  userId: string,
  leg: Leg | undefined,
): Decision | null {
  const own = leg === undefined ? participantOfUser(facts, userId)! : participantOfLeg(facts, leg);
  if (own.state !== 'left') return null;
  return refuse('call_ended', {
    endReason: own.leftReason!,
    ...(leg?.lostReason && { lostReason: leg.lostReason }),
    at: own.leftAt!,
  });
}

/** Refuses a command that needs a leg in another state; says to a loser who won, when and why. */
export function refuseLeg(facts: CallFacts, leg: Leg): Decision {
  if (leg.state !== 'lost') return refuse('wrong_state');
  const participant = participantOfLeg(facts, leg);
  const lostReason = leg.lostReason!;
  if (participant.state !== 'joined') return refuse('leg_lost', { lostReason });
  const winner = facts.legs.find((other) => other.id === participant.wonLegId)!;
  return refuse('answered_elsewhere', {
    lostReason,
    byUserId: winner.userId,
    at: facts.call.answeredAt!,
  });
}

/** Which side a lost participant was on, as a cause. */
export function lostCause(participant: Participant): EndCause {
  return participant.invitedBy === null ? 'caller_lost' : 'callee_lost';
}
