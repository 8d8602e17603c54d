/* What is let through to a worker, and from there to a provider. */
import { refusal, success } from './result.ts';
import type { Result } from './result.ts';

/** E.164: a plus, no leading zero, at most 15 digits (ITU-T E.164 section 6). */
const numberPattern = /^\+[1-9]\d{6,14}$/;
const usernamePattern = /^[A-Za-z0-9][A-Za-z0-9._+@-]{0,127}$/;
const namePattern = /^[a-z0-9][a-z0-9-]{0,31}$/;
/** Not of dots alone: in a URL they are the way to another place, however they are encoded. */
export const idPattern = /^(?!\.{1,2}$)[\x21-\x7e]{1,256}$/;

/** How long a credential may live, milliseconds. */
export const dayMs = 86_400_000;
export const leastTtlMs = 60_000;

/** True for a phone number in E.164, as `+12025550123`. */
export function isPhoneNumber(value: unknown): value is string {
  return typeof value === 'string' && numberPattern.test(value);
}

/** True for a name that credentials can be issued for. */
export function isUsername(value: unknown): value is string {
  return typeof value === 'string' && usernamePattern.test(value);
}

/** What a field of a request may be: a type, or anything, when its value is checked elsewhere. */
export type RequestFields = Readonly<Record<string, 'string' | 'boolean' | 'any'>>;

/**
 * Checks the form of what a host asks for: an object, of these fields and no other one. `what` is
 * what it is for, as "place a call". A field that is there and undefined is not there.
 */
export function readRequest<Request extends object>(
  what: string,
  request: Request,
  fields: RequestFields,
): Result<Request> {
  const refused = (why: string) => refusal('invalid_request', `unable to ${what}; ${why}`);
  const names = Object.keys(fields).join(', ');
  const given: unknown = request;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    return refused(`its argument is ${typeOf(given)} and not an object of ${names}`);
  }
  for (const [field, value] of Object.entries(given)) {
    const type = Object.hasOwn(fields, field) ? fields[field] : undefined;
    if (type === undefined) return refused(`${field.slice(0, 64)} is none of ${names}`);
    if (type === 'any' || value === undefined || typeof value === type) continue;
    return refused(`${field} is ${typeOf(value)} and not a ${type}`);
  }
  return success(request);
}

function typeOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  return Array.isArray(value) ? 'a list' : `of type ${typeof value}`;
}

/** Checks a number. The number itself is not repeated in the error: errors are logged. */
export function readNumber(field: string, value: unknown): Result<string> {
  if (isPhoneNumber(value)) return success(value);
  return refusal('invalid_number', `unable to use ${field}; it is no E.164 phone number`);
}

export function readUsername(value: unknown): Result<string> {
  if (isUsername(value)) return success(value);
  return refusal('invalid_username', 'unable to issue a credential; username has a wrong form');
}

/** Checks how long a credential lives, whole milliseconds. Default a day; a minute to a day. */
export function readTtl(ttlMs: unknown = dayMs): Result<number> {
  if (typeof ttlMs === 'number' && ttlMs >= leastTtlMs && ttlMs <= dayMs) {
    return success(Math.floor(ttlMs));
  }
  return refusal(
    'invalid_request',
    `unable to issue a credential; ttlMs ${shown(ttlMs)} is not from ${leastTtlMs} to ${dayMs}`,
  );
}

/** A number as it is; anything else by its type, because errors are logged. */
function shown(value: unknown): string {
  return typeof value === 'number' ? String(value) : `of type ${typeof value}`;
}

/** What an id of ours is made of: the provider's name, and its own id. */
export interface ProviderRef {
  readonly provider: string;
  readonly id: string;
}

/** Ids carry their provider, so that they hold across restarts and instances. */
export function makeId({ provider, id }: ProviderRef): string {
  return `${provider}:${id}`;
}

export function readId(field: string, value: unknown): Result<ProviderRef> {
  if (typeof value === 'string') {
    const end = value.indexOf(':');
    const [provider, id] = [value.slice(0, Math.max(0, end)), value.slice(end + 1)];
    if (namePattern.test(provider) && idPattern.test(id)) return success({ provider, id });
  }
  return refusal('invalid_request', `unable to use ${field}; it is no id that was given out here`);
}
