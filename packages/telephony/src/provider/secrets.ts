import { readFile } from 'node:fs/promises';
import { ProviderError } from './provider-error.ts';

/**
 * Where a secret is: never the secret itself, so that what the host holds, logs and sends to the
 * worker has none. With `file` it is nowhere but in the worker.
 */
export type SecretSource = { readonly env: string } | { readonly file: string };

/** What can go into an HTTP header as it is. Anything else would come back in an error's message. */
const tokenPattern = /^[\x21-\x7e]{8,1024}$/;
const mask = '[secret]';
/** Names of variables as they are usual. A key that was given in place of a name is none. */
export const variablePattern = /^[A-Z_][A-Z0-9_]{0,63}$/;

/** A secret that does not show itself: not as text, not as JSON, not when it is inspected. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The secret. For the one place that sends it. */
  reveal(): string {
    return this.#text;
  }

  /** `text` without the secret in it. */
  scrub(text: string): string {
    return text.split(this.#text).join(mask);
  }

  toString(): string {
    return mask;
  }

  toJSON(): string {
    return mask;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return mask;
  }
}

/**
 * Reads a secret. White space around it is cut off: files and variables often end in a line break.
 *
 * @throws {ProviderError} `start_failed`, which names the source and never what was in it. A source
 * that may be the secret itself, as in `{ env: process.env.KEY }`, is not named.
 */
export async function readSecret(
  source: SecretSource,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Secret> {
  const isFile = 'file' in source;
  const place = placeOf(source);
  const text = isFile ? await readSecretFile(source.file, place) : env[source.env];
  const trimmed = text?.trim() ?? '';
  if (tokenPattern.test(trimmed)) return new Secret(trimmed);
  const why = trimmed === '' ? 'it is empty or not set' : 'it is no text of 8 to 1024 characters';
  throw new ProviderError('start_failed', `unable to read the secret in ${place}; ${why}`);
}

function placeOf(source: SecretSource): string {
  if ('file' in source) {
    return /[/\\]/.test(source.file) ? `file ${source.file}` : 'the file that was given';
  }
  if (variablePattern.test(source.env)) return `variable ${source.env}`;
  return 'the variable that was given, whose name is not of A-Z 0-9 _';
}

async function readSecretFile(file: string, place: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    const code = (thrown as { readonly code?: unknown }).code;
    const why = `unable to read the secret in ${place}; ${String(code)}`;
    throw new ProviderError('start_failed', why);
  }
}
