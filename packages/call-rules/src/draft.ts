import type { Deadlines } from './deadlines.ts';
import { evolve } from './events.ts';
import type { CallEvent, CallEventBody } from './events.ts';
import { isContending, isRinging, participantOfLeg } from './facts.ts';
import type { CallFacts, EndCause, EndReason, Leg, LegLostReason, Participant } from './facts.ts';
import type { Refusal, RefusalCode } from './refusals.ts';

/** What the rules need besides the facts and the command. */
export interface Circumstances {
  readonly callId: string;
  /** The store's time, milliseconds since the Unix epoch. */
  readonly now: number;
  readonly deadlines: Deadlines;
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
    }
  | { readonly refusal: Refusal };

/** Collects the events of one decision and keeps the facts current while a rule goes on. */
export class Draft {
  facts: CallFacts | null;
  readonly events: CallEvent[] = [];
  before: number | null = null;
  readonly #circumstances: Circumstances;

  constructor(facts: CallFacts | null, circumstances: Circumstances) {
    this.facts = facts;
    this.#circumstances = circumstances;
  }

  /** The facts, where a call is known to exist. */
  get known(): CallFacts {
    return this.facts!;
  }

  add(body: CallEventBody): void {
    const seq = (this.facts?.call.seq ?? 0) + 1;
    const event: CallEvent = { ...body, seq, at: this.#circumstances.now };
    this.facts = evolve(this.#circumstances.callId, this.facts, event);
    this.events.push(event);
  }

  /** Rule 2: every leg of the participant that still rings loses, save `toLegId`, the winner. */
  loseLegs(participantId: string, reason: LegLostReason, toLegId?: string): void {
    for (const leg of this.known.legs) {
      if (leg.participantId !== participantId || !isContending(leg) || leg.id === toLegId) continue;
      this.add({ type: 'leg.lost', legId: leg.id, reason, ...(toLegId && { toLegId }) });
    }
  }

  /** Everyone leaves, with the call's reason. `by` is null when a deadline or the server ends it. */
  end(reason: EndReason, cause: EndCause | null, by: Participant | null): void {
    for (const participant of this.known.participants) {
      if (participant.state === 'left') continue;
      if (isRinging(participant)) this.loseLegs(participant.id, lostReasonAt(reason));
      this.add({ type: 'participant.left', participantId: participant.id, reason });
    }
    this.add({ type: 'call.ended', reason, cause, by: by?.id ?? null });
  }

  done(): Decision {
    return { events: this.events, facts: this.facts, before: this.before };
  }
}

function lostReasonAt(reason: EndReason): LegLostReason {
  if (reason === 'unanswered' || reason === 'unreachable') return reason;
  return 'canceled';
}

/** A decision against the command. */
export function refuse(code: RefusalCode, details: Omit<Refusal, 'code'> = {}): Decision {
  return { refusal: { code, ...details } };
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
  return participant.role === 'caller' ? 'caller_lost' : 'callee_lost';
}
