import { optionError, RingfenceError } from '@ringfence/base';
import type { Call } from '../call.ts';
import type { CallEnd } from '@ringfence/call-machine';
import { english } from './english.ts';
import { german } from './german.ts';
import type { Language, Side, TextKey } from './keys.ts';

/** What a person is told. Plain text: a host that shows it as HTML has to escape it. */
export interface PersonText {
  /** Two or three words. */
  readonly title: string;
  /** What happened, one sentence. */
  readonly what: string;
  /** What to do; null when nothing needs doing. */
  readonly advice: string | null;
}

/** The call that a text is about, as far as it matters. */
export type DescribedCall = Pick<Call, 'direction' | 'peer' | 'media'>;

/** A host's own text in place of ours, whole or in part. `{name}` and `{devices}` are filled in. */
export type OwnTexts =
  | Readonly<Partial<Record<TextKey, Partial<PersonText>>>>
  /** Asked for every text, with ours; undefined keeps it, and so does what throws. */
  | ((key: TextKey, standard: PersonText) => Partial<PersonText> | undefined);

/** How {@link createTexts} speaks. */
export interface TextsOptions {
  /** Default `en`. */
  readonly language?: 'en' | 'de' | undefined;
  /** The host's own texts. Default: none. */
  readonly texts?: OwnTexts | undefined;
  /** What a user is called. Default: their id, also where this throws. */
  readonly nameOf?: ((userId: string) => string) | undefined;
}

/** What is known of what an error is about. */
export interface ErrorContext {
  /** Whom it concerns, as in "Bob is in the call already". */
  readonly name?: string | undefined;
  readonly media?: DescribedCall['media'] | undefined;
}

/** See {@link createTexts}. */
export interface Texts {
  /** Why a call ended. With the call it says who was in it. */
  ofEnd(end: CallEnd, call?: DescribedCall): PersonText;
  /**
   * What an error means: one that a promise rejected with, that of an event, or its code alone. A
   * code that is not known has a general text.
   */
  ofError(error: unknown, context?: ErrorContext): PersonText;
}

const languages: Readonly<Record<'en' | 'de', Language>> = { en: english, de: german };

/** By whose doing a call ended, where the end itself does not say it. */
function sideOf({ reason, cause, by }: CallEnd, call: DescribedCall | undefined): Side | null {
  if (by !== null || call === undefined) return by;
  const isOutgoing = call.direction === 'outgoing';
  if (cause === 'caller_lost' || cause === 'callee_lost') {
    return (cause === 'caller_lost') === isOutgoing ? 'local' : 'remote';
  }
  if (reason === 'unanswered') return isOutgoing ? 'remote' : 'local';
  return null;
}

/** The texts of an end, the most telling first. */
function keysOfEnd(end: CallEnd, call: DescribedCall | undefined): readonly string[] {
  const side = sideOf(end, call);
  const { reason, cause, code } = end;
  return [
    ...(cause === null ? [] : [`cause.${cause}.${side}`, `cause.${cause}`]),
    ...(code === undefined || reason !== 'failed' ? [] : [`error.${code}`]),
    `end.${reason}.${side}`,
    `end.${reason}`,
    'end.failed',
  ];
}

function keysOfError(error: unknown): readonly string[] {
  const code = error instanceof RingfenceError ? error.code : error;
  const details = error instanceof RingfenceError ? error.details : {};
  // Whom one invites is busy or out of reach, as whom one dials.
  const reason = code === 'callee_unavailable' ? [`end.${String(details['endReason'])}`] : [];
  const own =
    typeof code === 'string' ? [`error.${code}`, `cause.${code}.local`, `cause.${code}`] : [];
  return [...reason, ...own, 'error.unknown'];
}

/**
 * Says in plain words why a call ended and what an error means: a title, what happened, what to do.
 * For every end reason, cause and code of these packages, in English and German; a host may put its
 * own words in place of any of them.
 *
 * @throws {RingfenceError} `invalid_option` for a language there is not.
 *
 * @example
 * const texts = createTexts({ language: 'de', nameOf: (userId) => people.get(userId).name });
 * call.on('call.ended', (end) => show(texts.ofEnd(end, call)));
 * call.invite('user:bob').catch((error) => show(texts.ofError(error, { name: 'Bob' })));
 */
export function createTexts(options: TextsOptions = {}): Texts {
  const { language = 'en', texts = {}, nameOf = (userId) => userId } = options;
  if (!Object.hasOwn(languages, language)) {
    throw optionError('language', language, '"en" or "de"');
  }
  const { words, someone, devices } = languages[language];

  function find(keys: readonly string[]): readonly [TextKey, PersonText] {
    // The last key is always there.
    const key = keys.find((each) => Object.hasOwn(words, each)) as TextKey;
    const [title, what, advice = null] = words[key];
    return [key, { title, what, advice }];
  }

  function say(
    keys: readonly string[],
    name: string | undefined,
    media: DescribedCall['media'] | undefined,
  ): PersonText {
    const [key, standard] = find(keys);
    const own = attempt(() => (typeof texts === 'function' ? texts(key, standard) : texts[key]));
    const title = own?.title ?? standard.title;
    const what = own?.what ?? standard.what;
    const advice = own?.advice === undefined ? standard.advice : own.advice;
    const kind = media === undefined ? 'any' : media.video ? 'video' : 'audio';
    const fill = (text: string): string =>
      text.replaceAll(/\{(name|devices)\}/g, (_match, value: string, at: number) => {
        if (value === 'devices') return devices[kind];
        if (name !== undefined) return name;
        return at === 0 || text.slice(0, at).endsWith('. ') ? capitalized(someone) : someone;
      });
    return { title: fill(title), what: fill(what), advice: advice === null ? null : fill(advice) };
  }

  const named = (userId: string): string => attempt(() => nameOf(userId)) ?? userId;

  return {
    ofEnd: (end, call) => say(keysOfEnd(end, call), call && named(call.peer.userId), call?.media),
    ofError: (error, { name, media } = {}) => say(keysOfError(error), name, media),
  };
}

/** What a host's own function says; undefined where it throws: no text may break the page. */
function attempt<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
