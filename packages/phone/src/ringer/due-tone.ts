import type { CallEnd } from '@ringfence/call-machine';
import type { ToneName } from '@ringfence/media/tones';
import type { Call } from '../call.ts';
import { isRingingHere } from '../participants.ts';

/** What a tone depends on. */
export type TonedCall = Pick<Call, 'state' | 'participants' | 'holding'>;

/** True while this user talks in the call. */
export function isHeard({ state, holding }: Pick<Call, 'state' | 'holding'>): boolean {
  return state === 'active' && (holding === 'none' || holding === 'remote');
}

/**
 * The tone that goes on for as long as these calls are as they are; null for silence. Of several
 * that are due, what is new to the user sounds: a call that comes in.
 */
export function dueTone(calls: readonly TonedCall[]): ToneName | null {
  const live = calls.filter(({ state }) => state !== 'ended');
  const others = live.filter((call) => !isRingingHere(call));
  if (others.length < live.length) return others.length > 0 ? 'call-waiting' : 'ring';
  const isWaiting = others.some(
    ({ state, holding }) => state === 'ringing' && (holding === 'none' || holding === 'remote'),
  );
  return isWaiting ? 'ring-back' : null;
}

/** What sounds when a call has ended. */
export interface EndTone {
  readonly tone: ToneName;
  /** After how long it stops. */
  readonly forMs: number;
}

/**
 * The tone with which a call ends; null for none. Who was called and did not answer hears nothing:
 * the ring tone has stopped.
 */
export function endTone(
  { direction, answeredAt }: Pick<Call, 'direction' | 'answeredAt'>,
  { reason, cause, by }: CallEnd,
): EndTone | null {
  // A call that was passed on or merged goes on: its end is no end to anybody.
  if (reason === 'transferred') return null;
  if (answeredAt !== null) return { tone: 'ended', forMs: 1_000 };
  if (direction === 'incoming' || by === 'local') return null;
  const isBusy = reason === 'busy' || reason === 'declined';
  if (isBusy) return { tone: 'busy', forMs: 4_000 };
  const isCongested = reason === 'unreachable' || (reason === 'failed' && cause === null);
  return isCongested ? { tone: 'congestion', forMs: 4_000 } : { tone: 'ended', forMs: 1_000 };
}
