import {
  getDotPath,
  literal,
  number,
  object,
  optional,
  picklist,
  safeParse,
  string,
  boolean,
  variant,
} from 'valibot';
import type { BaseIssue, BaseSchema, InferOutput } from 'valibot';
import { dayMs, leastTtlMs, readTtl } from '../input.ts';
import { refusal, success } from '../result.ts';
import type { Result } from '../result.ts';
import type { IssueCredential } from '../telephony.ts';

const credentialRequest = object({
  username: string(),
  /** Seconds. */
  ttl: optional(number()),
  token: optional(boolean()),
});

const callRequest = variant('action', [
  object({ action: literal('make'), phoneNumber: string() }),
  object({ action: picklist(['answer', 'end']), callId: string() }),
]);

export type CallRequest = InferOutput<typeof callRequest>;

/** Forms alone: what numbers and names may be is for telephony to say. */
export function readCredentialRequest(body: unknown): Result<IssueCredential> {
  const parsed = parse(credentialRequest, body);
  if (!parsed.ok) return parsed;
  const { username, ttl, token } = parsed.value;
  return success({
    username,
    ...(ttl === undefined ? {} : { ttlMs: ttl * 1_000 }),
    ...(token === undefined ? {} : { wantsToken: token }),
  });
}

/** As telephony checks it, in the field and the unit that the page sent. */
export function checkTtl({ ttlMs }: IssueCredential): Result<undefined> {
  if (ttlMs === undefined || readTtl(ttlMs).ok) return success(undefined);
  const range = `from ${leastTtlMs / 1_000} to ${dayMs / 1_000}`;
  const message = `unable to issue a credential; ttl ${ttlMs / 1_000} is no number of seconds ${range}`;
  return refusal('invalid_request', message);
}

export function readCallRequest(body: unknown): Result<CallRequest> {
  return parse(callRequest, body);
}

function parse<Schema extends BaseSchema<unknown, unknown, BaseIssue<unknown>>>(
  schema: Schema,
  body: unknown,
): Result<InferOutput<Schema>> {
  const parsed = safeParse(schema, body);
  if (parsed.success) return success(parsed.output);
  const field = (getDotPath(parsed.issues[0]) ?? 'body').slice(0, 64);
  return refusal('invalid_request', `unable to read the request; ${field} is wrong`);
}
