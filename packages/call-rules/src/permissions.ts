import type { CallFacts, Participant, Role } from './facts.ts';

/** What not everybody in a call may do. */
export type Action = 'invite' | 'transfer' | 'merge' | 'remove' | 'request-mute' | 'end-for-all';

/** `own`: those whom one invited oneself. */
export type Permission = 'yes' | 'own' | 'no';

/**
 * What each role may do. Everyone may speak, hold, mute themselves and leave. Who dials is the
 * moderator; when the last one leaves, who joined first of those that stay becomes it, a guest only
 * where all are guests.
 */
export const permissions: Readonly<Record<Action, Readonly<Record<Role, Permission>>>> = {
  invite: { moderator: 'yes', member: 'yes', guest: 'no' },
  transfer: { moderator: 'yes', member: 'yes', guest: 'no' },
  merge: { moderator: 'yes', member: 'yes', guest: 'no' },
  remove: { moderator: 'yes', member: 'own', guest: 'no' },
  'request-mute': { moderator: 'yes', member: 'no', guest: 'no' },
  'end-for-all': { moderator: 'yes', member: 'no', guest: 'no' },
};

/**
 * True when a participant may do this, to another where the action is done to one. An action that
 * there is not, nobody may.
 */
export function isPermitted(actor: Participant, action: Action, to?: Participant): boolean {
  const permission = permissions[action]?.[actor.role];
  return permission === 'yes' || (permission === 'own' && to?.invitedBy === actor.id);
}

/**
 * True when a participant may end the call for all, or take all of it elsewhere. Of two, either may:
 * when one leaves, it ends.
 */
export function mayEndForAll({ participants }: CallFacts, actor: Participant): boolean {
  const present = participants.filter(({ state }) => state !== 'left');
  return present.length <= 2 || isPermitted(actor, 'end-for-all');
}
