/* What goes over between the host and the worker. No secret is among it. */
import {
  array,
  boolean,
  check,
  finite,
  getDotPath,
  integer,
  literal,
  maxLength,
  minValue,
  nullable,
  number,
  optional,
  picklist,
  pipe,
  regex,
  safeParse,
  strictObject,
  string,
  undefined_,
  variant,
} from 'valibot';
import type { BaseIssue, BaseSchema, InferOutput } from 'valibot';
import { isErrorCode } from '../error-codes.ts';
import type { TelephonyErrorCode } from '../error-codes.ts';
import { idPattern } from '../input.ts';
import type { CleanUpRequest, CredentialRequest, PlaceCallRequest } from '../provider/provider.ts';

/** The longest message of an error. */
export const mostMessage = 512;
/** How long cleaning up may take at one provider, milliseconds: it removes one after another. */
export const cleanUpMs = 120_000;
const mostProviders = 16;

const code = pipe(
  string(),
  check((value) => isErrorCode(value)),
);
/** Long enough for a token; no worker fills its host with more. */
const text = pipe(string(), maxLength(8_192));
const strings = pipe(array(text), maxLength(64));
const name = pipe(string(), maxLength(32));
const count = pipe(number(), integer(), minValue(0));
const time = pipe(number(), finite(), minValue(0));

/** One provider that was asked. */
const attempt = strictObject({
  provider: name,
  tookMs: time,
  /** Null when it did it. `breaker_open` when it was not asked at all. */
  code: nullable(pipe(string(), maxLength(64))),
});
const attempts = pipe(array(attempt), maxLength(mostProviders));

/** How it stands with one provider. */
const providerState = strictObject({
  name,
  breaker: picklist(['closed', 'open', 'half-open', 'isolated']),
  hasCalls: boolean(),
});
const providerStates = pipe(array(providerState), maxLength(mostProviders));

const failed = strictObject({
  ok: literal(false),
  code,
  message: pipe(string(), maxLength(mostMessage)),
  mayBeDone: optional(boolean()),
  retryAfterMs: optional(time),
  provider: optional(name),
  attempts,
  providers: providerStates,
});

function answerOf<Schema extends BaseSchema<unknown, unknown, BaseIssue<unknown>>>(value: Schema) {
  const succeeded = strictObject({
    ok: literal(true),
    value,
    provider: name,
    attempts,
    providers: providerStates,
  });
  return variant('ok', [succeeded, failed]);
}

const id = pipe(string(), regex(idPattern));
const turnServer = strictObject({ urls: strings, username: text, credential: text });
const credential = strictObject({
  id,
  username: text,
  password: text,
  expiresAt: time,
  realm: text,
  sipUri: text,
  stunServers: strings,
  turnServers: pipe(array(turnServer), maxLength(64)),
  token: optional(text),
});
const nothing = optional(undefined_());
const cleanUp = strictObject({ provider: name, removed: count, kept: count });

/** What a provider gives, for each call that one is asked for. */
const values = {
  issueCredential: credential,
  revokeCredential: nothing,
  cleanUpCredentials: cleanUp,
  placeCall: strictObject({ id }),
  answerCall: nothing,
  endCall: nothing,
};

/** A call that a provider is asked for. */
export type CheckedCall = keyof typeof values;

/** Reads what a provider gave: a copy of it, or the field that is wrong. */
export function readValue(
  call: CheckedCall,
  value: unknown,
): { readonly value: unknown } | { readonly wrong: string } {
  const parsed = safeParse(values[call], value);
  if (parsed.success) return { value: parsed.output };
  return { wrong: (getDotPath(parsed.issues[0]) ?? 'all of it').slice(0, 64) };
}

const results = {
  issueCredential: answerOf(values.issueCredential),
  revokeCredential: answerOf(values.revokeCredential),
  cleanUpCredentials: answerOf(pipe(array(values.cleanUpCredentials), maxLength(mostProviders))),
  placeCall: answerOf(values.placeCall),
  answerCall: answerOf(values.answerCall),
  endCall: answerOf(values.endCall),
  providers: providerStates,
};

/** Whether a result of the worker is to be believed. */
export function isWorkerResult(method: string, result: unknown): boolean {
  const schema = Object.hasOwn(results, method)
    ? results[method as keyof typeof results]
    : undefined;
  return schema !== undefined && safeParse(schema, result).success;
}

export type Attempt = InferOutput<typeof attempt>;
export type ProviderState = InferOutput<typeof providerState>;
export type ProviderCleanUp = InferOutput<typeof cleanUp>;

/** An answer of the worker: failures are answers as well. */
export type WorkerAnswer<Value> = {
  readonly attempts: Attempt[];
  readonly providers: ProviderState[];
} & (
  | { readonly ok: true; readonly value: Value; readonly provider: string }
  | {
      readonly ok: false;
      readonly code: TelephonyErrorCode;
      readonly message: string;
      /** Left out when it certainly was not. */
      readonly mayBeDone?: boolean | undefined;
      readonly retryAfterMs?: number | undefined;
      readonly provider?: string | undefined;
    }
);

/** Something of one provider. */
export interface OfProvider {
  readonly provider: string;
  readonly id: string;
}

/** What the worker does, as `@ringfence/isolation/supervisor` types it. */
export interface TelephonyWorker {
  readonly calls: {
    readonly issueCredential: (
      request: CredentialRequest,
    ) => Promise<WorkerAnswer<InferOutput<typeof credential>>>;
    readonly revokeCredential: (of: OfProvider) => Promise<WorkerAnswer<undefined>>;
    readonly cleanUpCredentials: (
      request: CleanUpRequest,
    ) => Promise<WorkerAnswer<ProviderCleanUp[]>>;
    readonly placeCall: (
      request: PlaceCallRequest,
    ) => Promise<WorkerAnswer<{ readonly id: string }>>;
    readonly answerCall: (of: OfProvider) => Promise<WorkerAnswer<undefined>>;
    readonly endCall: (of: OfProvider) => Promise<WorkerAnswer<undefined>>;
    readonly providers: () => ProviderState[];
  };
  readonly events: object;
}
