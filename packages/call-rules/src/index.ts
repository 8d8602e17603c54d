export { isAddress, parseAddress, userAddress } from './address.ts';
export { resolveDeadlines } from './deadlines.ts';
export { decide } from './decide.ts';
export { decideSystem } from './decide-system.ts';
export { evolve } from './events.ts';
export {
  isContending,
  isEngaged,
  isParty,
  isRinging,
  joinedLegs,
  legOfDevice,
  nextDeadlineAt,
  participantOfLeg,
} from './facts.ts';
export { refusalError, refusalTexts } from './refusals.ts';

export type { Address, ParsedAddress } from './address.ts';
export type { Actor, Reach, SystemCommand, UserCommand } from './commands.ts';
export type { Deadlines } from './deadlines.ts';
export type { Circumstances, Decision } from './draft.ts';
export type { CallEvent, CallEventBody } from './events.ts';
export type {
  Call,
  CallFacts,
  CallId,
  CallMode,
  CallState,
  EndCause,
  EndReason,
  Leg,
  LegId,
  LegLostReason,
  LegState,
  MediaKinds,
  Participant,
  ParticipantId,
  ParticipantState,
} from './facts.ts';
export type { Refusal, RefusalCode } from './refusals.ts';
