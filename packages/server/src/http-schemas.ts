/* What the HTTP routes take and give. The code checks with these, and openapi.json is made of them. */
import {
  boolean,
  description,
  literal,
  maxLength,
  minLength,
  minValue,
  number,
  object,
  optional,
  picklist,
  pipe,
  regex,
  strictObject,
  string,
} from 'valibot';
import type { InferOutput } from 'valibot';

export const devTokenRequest = strictObject({
  userId: pipe(
    string(),
    regex(/^[A-Za-z0-9._@-]{1,64}$/),
    description('Who the token speaks for.'),
  ),
  orgId: optional(
    pipe(string(), minLength(1), maxLength(128), description('Their organisation.')),
    'dev',
  ),
});

export const devTokenAnswer = object({
  token: pipe(string(), description('A JWT for the hello of the wire.')),
  expiresAt: pipe(number(), minValue(0), description('Milliseconds since the Unix epoch.')),
});

export const liveAnswer = object({ status: literal('live') });
export const readyAnswer = object({ status: literal('ready') });

const httpErrorCode = picklist([
  'invalid_request',
  'forbidden',
  'not_found',
  'too_large',
  'not_ready',
  'internal',
]);

export const errorAnswer = object({
  error: object({
    code: httpErrorCode,
    message: pipe(string(), description('For developers. Switch on the code.')),
    fault: picklist(['caller', 'server']),
    retryable: pipe(boolean(), description('Whether the same request may succeed later.')),
    hint: pipe(string(), description('What to do about it.')),
  }),
});

export type DevTokenRequest = InferOutput<typeof devTokenRequest>;
export type DevTokenAnswer = InferOutput<typeof devTokenAnswer>;
export type HttpErrorCode = InferOutput<typeof httpErrorCode>;
