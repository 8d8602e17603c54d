import { RingfenceError } from '@ringfence/base';
import type { ErrorFacts } from '@ringfence/base';
import type { EndReason, LegLostReason } from './facts.ts';

/** Why the rules refuse a command. */
export type RefusalCode =
  | 'call_not_found'
  | 'call_ended'
  | 'answered_elsewhere'
  | 'leg_lost'
  | 'deadline_passed'
  | 'wrong_state'
  | 'cannot_dial_self'
  | 'invalid_address'
  | 'address_unsupported'
  | 'already_in_call'
  | 'nothing_to_send'
  | 'not_permitted'
  | 'participant_not_found'
  | 'already_there'
  | 'callee_unavailable'
  | 'call_full'
  | 'same_call';

/** A refusal: the code, and what the other side needs to understand it. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly endReason?: EndReason;
  readonly lostReason?: LegLostReason;
  /** Who answered, when another did. */
  readonly byUserId?: string;
  /** When that was, on the store's clock. */
  readonly at?: number;
}

interface RefusalText extends ErrorFacts {
  readonly message: string;
}

/* @__NO_SIDE_EFFECTS__ */
function caller(message: string, hint: string): RefusalText {
  return { fault: 'caller', retryable: false, message, hint };
}

/** What each refusal means, whose fault it is, and what to do. */
export const refusalTexts: Readonly<Record<RefusalCode, RefusalText>> = {
  call_not_found: caller(
    'unable to find the call; it does not exist or is not yours',
    'Check the call id.',
  ),
  call_ended: {
    fault: 'peer',
    retryable: false,
    message: 'unable to change the call; it has ended',
    hint: 'Dial again for a new call.',
  },
  answered_elsewhere: {
    fault: 'peer',
    retryable: false,
    message: 'unable to accept the call; another device answered it',
    hint: 'Go on with the call on the device that answered.',
  },
  leg_lost: {
    fault: 'peer',
    retryable: false,
    message: 'unable to act for this device; it no longer rings',
    hint: 'Wait for the next call.',
  },
  deadline_passed: {
    fault: 'caller',
    retryable: false,
    message: 'unable to accept the call; its ring time is over',
    hint: 'Call back.',
  },
  wrong_state: caller(
    'unable to do this; the call is not in a state that allows it',
    'Answer the call first, or look at its state.',
  ),
  cannot_dial_self: caller('unable to call; the address is your own', 'Name someone else.'),
  invalid_address: caller(
    'unable to call; the address cannot be read',
    'Write user:ID, with 1 to 64 of A-Z a-z 0-9 _ - @ and dots.',
  ),
  address_unsupported: caller(
    'unable to call; this server does not serve that kind of address',
    'Name a user: address.',
  ),
  already_in_call: caller(
    'unable to dial; you are in as many calls as you may be',
    'Hang up one of them first.',
  ),
  nothing_to_send: caller(
    'unable to dial; neither audio nor video was asked for',
    'Ask for audio, video or both.',
  ),
  not_permitted: caller(
    'unable to do this; your role in the call does not allow it',
    'Ask a moderator of the call.',
  ),
  participant_not_found: caller(
    'unable to find the participant; they are not in the call, or not any more',
    'Look at the participants of the call first.',
  ),
  already_there: caller(
    'unable to bring them in; they are in the call already, or on their way',
    'Look at the participants of the call first.',
  ),
  callee_unavailable: {
    fault: 'peer',
    retryable: false,
    message:
      'unable to bring them in; they are busy or cannot be reached, as details.endReason says',
    hint: 'Try again later, or somebody else.',
  },
  call_full: caller(
    'unable to bring them in; the call has no room for more',
    'Wait until somebody leaves.',
  ),
  same_call: caller('unable to join the calls; they are one and the same', 'Name another call.'),
};

/** The error a caller sees for a refusal. Its `details` are the refusal's other fields. */
export function refusalError(refusal: Refusal): RingfenceError<RefusalCode> {
  const { message, ...facts } = refusalTexts[refusal.code];
  const { code, ...details } = refusal;
  return new RingfenceError(code, message, { ...facts, details });
}
