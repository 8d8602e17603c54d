export { isAddress, parseAddress, userAddress } from './address.ts';
export { resolveDeadlines } from './deadlines.ts';
export { decide } from './decide.ts';
export { decideSystem } from './decide-system.ts';
export { evolve, fold } from './events.ts';
export {
  areConnected,
  directRinging,
  hasJoined,
  isContending,
  isEngaged,
  isLive,
  isParty,
  isRinging,
  joinedLegs,
  legOfDevice,
  nextDeadlineAt,
  offersFirst,
  participantOfLeg,
  participantOfUser,
  seenUntil,
} from './facts.ts';
export { isPermitted, permissions } from './permissions.ts';
export { refusalError, refusalTexts } from './refusals.ts';
export { defaultSettings, refuseSettings } from './settings.ts';

export type { Address, ParsedAddress } from './address.ts';
export type { Actor, Reach, SystemCommand, UserCommand } from './commands.ts';
export type { Deadlines } from './deadlines.ts';
export type { CallOutcome, Circumstances, Decision } from './draft.ts';
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
  Role,
  Via,
} from './facts.ts';
export type { Action, Permission } from './permissions.ts';
export type { Refusal, RefusalCode } from './refusals.ts';
export type { UserSettings } from './settings.ts';
