import type { ParticipantView } from '@ringfence/call-machine';
import type { CallFacts } from '@ringfence/call-rules';
import type { Call } from './call.ts';

/**
 * Who came, changed or went between two looks at a call: as they are now, and as they went. Whom
 * one asked for and who is not confirmed yet does not go, for they never came.
 */
export function changedParticipants(
  before: readonly ParticipantView[],
  now: readonly ParticipantView[],
  facts: CallFacts | null,
): readonly ParticipantView[] {
  const gone = before.filter(
    (each) => each.state !== 'inviting' && !now.some(({ id }) => id === each.id),
  );
  const left = gone.map((each): ParticipantView => {
    const leftReason = facts?.participants.find(({ id }) => id === each.id)?.leftReason ?? null;
    return { ...each, state: 'left', leftReason };
  });
  const known = before.map((each) => JSON.stringify(each));
  return [...now, ...left].filter((each) => !known.includes(JSON.stringify(each)));
}

/** True for a call that rings here and waits for this user's answer. This user comes first. */
export function isRingingHere({
  state,
  participants,
}: Pick<Call, 'state' | 'participants'>): boolean {
  return state === 'ringing' && participants[0]?.state === 'ringing';
}
