import type { CallEvent } from '@ringfence/call-rules';
import type { StoredCall } from './store.ts';
import type { Tally } from './tally.ts';

/** Counts what happened in a call, by its history. */
export function countHistory({ facts, events }: StoredCall, tally: Tally): void {
  const { endReason, endCause, movedTo } = facts.call;
  const [first] = facts.participants;
  tally.add(`call ended ${endCause === null ? endReason : `${endReason}/${endCause}`}`);
  if (movedTo !== null) {
    tally.add(facts.call.answeredAt === null ? 'call moved unanswered' : 'call moved talking');
    // Born and ended in one write: a dial that met one from the other side.
    if (facts.call.createdAt === facts.call.endedAt && first !== undefined) tally.add('glare');
  }
  const present = new Set<string>();
  const legs = new Map<string, number>();
  let most = 0;
  for (const event of events) {
    countEvent(event, tally);
    if (event.type === 'call.created') present.add('p1');
    if (event.type === 'participant.joined') present.add(event.participantId);
    if (event.type === 'participant.left') present.delete(event.participantId);
    if (event.type === 'leg.offered') {
      legs.set(event.participantId, (legs.get(event.participantId) ?? 0) + 1);
    }
    most = Math.max(most, present.size);
  }
  if (most > 2) tally.add(`room of ${most}`);
  if ([...legs.values()].some((count) => count > 1)) tally.add('rang several devices');
  const returned = facts.participants.filter(({ via }) => via === 'return');
  if (returned.some(({ wonLegId }) => wonLegId !== null)) tally.add('a return was taken');
}

function countEvent(event: CallEvent, tally: Tally): void {
  switch (event.type) {
    case 'participant.invited':
      return tally.add(`came by ${event.via}`);
    case 'participant.left':
      return tally.add(`left ${event.reason}`);
    case 'leg.lost':
      return tally.add(`leg lost ${event.reason}`);
    case 'participant.role':
      return tally.add('became the moderator');
    case 'leg.mute-requested':
      return tally.add('asked to mute');
    case 'call.ringing':
      return tally.add('left behind');
    case 'leg.updated':
      return event.held ? tally.add('held') : undefined;
    case 'leg.silent':
      return tally.add('fell silent');
    default:
      return undefined;
  }
}

/**
 * What a run of a thousand seeds comes across. A run that does not has stopped to try things, and
 * says nothing any more about what it no longer does.
 */
export const expectedOften: readonly string[] = [
  'call ended completed',
  'call ended declined',
  'call ended canceled',
  'call ended unanswered',
  'call ended busy',
  'call ended unreachable',
];

/** The same, of what happens less often: asked of runs of 1,000 seeds and more. */
export const expectedInThousand: readonly string[] = [
  'glare',
  'call moved talking',
  'call moved unanswered',
  'came by invite',
  'came by transfer',
  'came by forward',
  'came by return',
  'came by merge',
  'a return was taken',
  'became the moderator',
  'asked to mute',
  'muted for a moderator',
  'left behind',
  'left transferred',
  'left terminated',
  'room of 3',
  'room of 4',
  'rang several devices',
  'leg lost answered-elsewhere',
  'leg lost declined-elsewhere',
  'leg lost busy',
  'held',
  'accepted a second',
  'dialed while talking',
  'dialed who rings here',
  'rang while in a call',
  'incoming by dial',
  'incoming by invite',
  'incoming by transfer',
  'incoming by forward',
  'incoming by return',
  'moved while dialing',
  'moved while active',
  'settings changed',
  'settings done',
  'settings invalid_address',
  'swap done',
  'swap no_other_call',
  'invite done',
  'invite already_there',
  'invite call_full',
  'invite callee_unavailable',
  'invite cannot_dial_self',
  'invite invalid_address',
  'invite not_permitted',
  'remove done',
  'remove not_permitted',
  'remove participant_not_found',
  'request-mute done',
  'request-mute not_permitted',
  'transfer done',
  'transfer already_there',
  'transfer callee_unavailable',
  'transfer cannot_dial_self',
  'transfer invalid_address',
  'attended done',
  'attended call_ended',
  'attended same_call',
  'attended wrong_state',
  'merge done',
  'merge call_ended',
  'merge same_call',
];
