import { RingfenceError } from '@ringfence/base';
import type { Fault } from '@ringfence/base';
import type { RefusalCode } from '@ringfence/call-rules';

/** What can go wrong in the phone itself, next to the codes of signaling, media and the rules. */
export type PhoneErrorCode =
  /** The phone was closed, by its host or because the server lets it in no more. */
  | 'phone_closed'
  /** There is no other call to swap with. */
  | 'no_other_call'
  /** A signal that the wire never takes (P-708): the media of the call fails. */
  | 'signal_refused';

/** What the phone refuses as the rules would, before it asks the server. */
type LocalRefusal = Extract<
  RefusalCode,
  | 'invalid_address'
  | 'cannot_dial_self'
  | 'nothing_to_send'
  | 'wrong_state'
  | 'call_ended'
  | 'same_call'
>;

/**
 * Those of the rules say what theirs say, word for word. They stand here once more because all of
 * theirs take 1 kB of a page that needs these six.
 */
export const texts: Readonly<
  Record<PhoneErrorCode | LocalRefusal, readonly [Fault, string, string]>
> = {
  phone_closed: ['caller', 'go on; the phone is closed', 'Make a new phone.'],
  no_other_call: ['caller', 'swap; there is no other call', 'Hold or resume this one.'],
  signal_refused: ['internal', 'send a signal; the wire refuses it', 'Dial again for a new call.'],
  invalid_address: [
    'caller',
    'call; the address cannot be read',
    'Write user:ID, with 1 to 64 of A-Z a-z 0-9 _ - @ and dots.',
  ],
  cannot_dial_self: ['caller', 'call; the address is your own', 'Name someone else.'],
  nothing_to_send: [
    'caller',
    'dial; neither audio nor video was asked for',
    'Ask for audio, video or both.',
  ],
  wrong_state: [
    'caller',
    'do this; the call is not in a state that allows it',
    'Answer the call first, or look at its state.',
  ],
  call_ended: ['peer', 'change the call; it has ended', 'Dial again for a new call.'],
  same_call: ['caller', 'join the calls; they are one and the same', 'Name another call.'],
};

/** Makes an error of this package. */
export function phoneError(
  code: PhoneErrorCode | LocalRefusal,
): RingfenceError<PhoneErrorCode | LocalRefusal> {
  const [fault, message, hint] = texts[code];
  return new RingfenceError(code, `unable to ${message}`, { fault, retryable: false, hint });
}

/** Runs work whose outcome the host may ignore: a rejection that nobody looks at is harmless. */
export function ignorable<T>(work: () => T | Promise<T>): Promise<T> {
  const outcome = (async () => work())();
  outcome.catch(() => {});
  return outcome;
}
