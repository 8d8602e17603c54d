import type { ErrorFacts } from '@ringfence/base';

/** What may go wrong with telephony. Switch on it. */
export type TelephonyErrorCode = keyof typeof errorFacts;

type Facts = Readonly<Record<string, ErrorFacts>>;

const caller = (hint: string) => ({ fault: 'caller', retryable: false, hint }) as const;
const server = (hint: string) => ({ fault: 'server', retryable: true, hint }) as const;
const setup = (hint: string) => ({ fault: 'server', retryable: false, hint }) as const;
const network = (hint: string) => ({ fault: 'network', retryable: true, hint }) as const;

/** Whose fault each error is, whether a retry helps, and what to do. */
export const errorFacts = {
  invalid_option: caller('Set the option to what the message names.'),
  invalid_number: caller('Write the number as E.164: + and the country code, 7 to 15 digits.'),
  invalid_username: caller(
    'Use 1 to 128 of A-Z a-z 0-9 . _ + @ -, beginning with a letter or digit.',
  ),
  invalid_request: caller('Look at the shape of the request in the telephony guide.'),
  unauthorized: caller('Sign in first.'),
  forbidden: caller('Ask for something of your own.'),
  method_not_allowed: caller('Use the method that the telephony guide names.'),
  too_large: caller('Send less.'),
  not_found: caller('Check the id: it may be over, or of another account.'),
  call_ended: caller('Nothing to do: the call is over.'),
  not_supported: caller('Use a provider that can do this.'),
  invalid_signature: caller('Check the public key of the webhooks, and that the raw body arrives.'),
  stale_webhook: caller('Check the clock of this machine.'),
  not_ready: server('Show that calls are unavailable, and try again soon.'),
  start_failed: setup('Read the message, mend the configuration, and start again.'),
  worker_lost: server('Try again: the worker comes back. What was asked may have been done.'),
  timeout: server('Try again later. What was asked may have been done.'),
  provider_unavailable: server('Try again later: the provider failed too often and is left alone.'),
  provider_unreachable: network('Check the network between this machine and the provider.'),
  provider_failed: server('Try again later: the provider failed.'),
  provider_rate_limited: server('Try again after retryAfterMs.'),
  provider_unauthorized: setup('Check the API key and what it may do.'),
  provider_refused: setup('Read what the provider says, and check the account and its settings.'),
  provider_nonsense: server('Try again; report it when it stays: the provider changed its API.'),
  credential_limit_reached: setup('Clean up old credentials, or raise the limit of the account.'),
  internal: { fault: 'internal', retryable: true, hint: 'Try again; report it when it stays.' },
} as const satisfies Facts;

/** True for a string that is a {@link TelephonyErrorCode}. */
export function isErrorCode(code: unknown): code is TelephonyErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorFacts, code);
}
