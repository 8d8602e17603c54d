import { getDotPath } from 'valibot';
import type { BaseIssue } from 'valibot';

/** What a secret is named by, for errors. */
export const legalSecret =
  "{ env: 'NAME' } or { file: 'path' }: a secret itself is never an option";

const text = 'a text of 1 to 512 characters';
const urls = 'a list of STUN or TURN URLs';

/** What may be where, by the name of the option. */
const legal: Readonly<Record<string, string>> = {
  providers: 'a list of 1 to 16 providers',
  kind: "'telnyx', 'turn' or 'custom'",
  name: 'of a-z 0-9 -, 1 to 32 characters',
  apiKey: legalSecret,
  secret: legalSecret,
  credential: legalSecret,
  apiUrl: 'an https: URL, or one of this machine, without a login or a query',
  connectionId: text,
  callControlAppId: text,
  from: 'an E.164 phone number',
  tag: 'of a-z 0-9, 3 to 32 characters',
  realm: text,
  username: text,
  stunServers: urls,
  turnServers: 'a list of { urls, username, credential }',
  turnUrls: `${urls}, at least one`,
  urls,
  webhookPublicKey: '32 bytes in base64',
  timeoutMs: 'a number from 100 to 60000',
};

/** Whoever puts a key where its place belongs would find it in the logs. */
const secretField = /apiKey|apiUrl|secret|credential/i;

/**
 * Says what is wrong with the options of providers: the field with its path, what was received
 * unless that may be a secret, and what is legal there. `known` are the options that may be beside
 * one that is not known.
 */
export function illegalOption(
  issue: BaseIssue<unknown>,
  known: (path: readonly unknown[]) => readonly string[],
): string {
  const path = (issue.path ?? []).map(({ key }) => key);
  const field = ['providers', getDotPath(issue) ?? []].flat().join('.').slice(0, 128);
  const last = path.at(-1);
  if (issue.expected === 'never') {
    const names = known(path).join(', ');
    return `unable to use option ${field}; there is none of that name here, only ${names}`;
  }
  const isOwn = !issue.message.startsWith('Invalid');
  // An item of a list is told by its index.
  const name = path.length === 0 ? 'providers' : String(last);
  const isKnown = Object.hasOwn(legal, name);
  const wanted = isOwn ? issue.message : isKnown ? legal[name] : itemOf(path);
  const isSecret = secretField.test(field) || (!isOwn && !isKnown);
  const received = isSecret && issue.input !== undefined ? 'what was given' : shown(issue);
  return `unable to use option ${field}; ${received} is not ${wanted}`;
}

function itemOf(path: readonly unknown[]): string {
  if (path.length === 1) return "a provider, as { kind: 'telnyx', apiKey: { env: 'NAME' } }";
  return path.at(-2) === 'turnServers' ? '{ urls, username, credential }' : 'a STUN or TURN URL';
}

/** What was received, in short. Of what is too long or too short, the issue itself has the length. */
function shown({ input, received }: BaseIssue<unknown>): string {
  if (input === undefined) return 'undefined';
  if (Array.isArray(input)) return `a list of ${input.length}`;
  return (typeof input === 'string' ? JSON.stringify(input) : received).slice(0, 64);
}
