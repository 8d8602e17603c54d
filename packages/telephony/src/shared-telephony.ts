import { createHash } from 'node:crypto';
import { createTelephony } from './isolated-telephony.ts';
import type { Telephony, TelephonyCollaborators, TelephonyOptions } from './telephony.ts';

interface Entry {
  readonly telephony: Telephony;
  /** Of the options, by which others are told. A digest: an environment may be among them. */
  readonly made: string;
}

/** Beside modules, and not in one: a hot reload loads modules anew, and two copies may be there. */
const registryKey = Symbol.for('@ringfence/telephony/1');

function registry(): Map<string, Entry> {
  const holder = globalThis as { [registryKey]?: Map<string, Entry> };
  return (holder[registryKey] ??= new Map());
}

/**
 * Telephony that is there once in a process, started: the first call makes it, and those after it
 * get the same one, also from a module that a hot reload loaded anew. Options that changed replace
 * it: the old one stops. One that was stopped or gave up is given as it is: `start` it again.
 *
 * `key` tells several apart. It does not throw and does not wait.
 *
 * @example
 * // Once, where the app starts, and wherever it is needed.
 * export const telephony = sharedTelephony({ providers });
 */
export function sharedTelephony(
  options: TelephonyOptions,
  collaborators: TelephonyCollaborators = {},
  key = 'default',
): Telephony {
  const entries = registry();
  const made = digest(options);
  const known = entries.get(key);
  if (known?.made === made) return known.telephony;
  const telephony = createTelephony(options, collaborators);
  entries.set(key, { telephony, made });
  void known?.telephony.stop();
  void telephony.start();
  return telephony;
}

function digest(options: TelephonyOptions): string {
  let text: string;
  try {
    text = JSON.stringify(options) ?? 'undefined';
  } catch {
    // Of no valid options: what is made of them says so when it starts.
    text = 'no JSON';
  }
  return createHash('sha256').update(text).digest('base64');
}
