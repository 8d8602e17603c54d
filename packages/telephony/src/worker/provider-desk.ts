import { systemClock, RingfenceError } from '@ringfence/base';
import type { Clock } from '@ringfence/base';
import { BreakerRefusedError, CircuitBreaker } from '@ringfence/isolation';
import { isErrorCode } from '../error-codes.ts';
import type { TelephonyErrorCode } from '../error-codes.ts';
import type {
  CleanUpRequest,
  CredentialRequest,
  PlaceCallRequest,
  Provider,
  ProviderContext,
  ProviderCredential,
} from '../provider/provider.ts';
import { ProviderError } from '../provider/provider-error.ts';
import { cleanUpMs, mostMessage, readValue } from './contract.ts';
import type {
  Attempt,
  CheckedCall,
  OfProvider,
  ProviderCleanUp,
  ProviderState,
  WorkerAnswer,
} from './contract.ts';

export interface DeskOptions {
  /** How long one provider may take for one thing, by its name, milliseconds. Default 10,000. */
  readonly timeoutMs?: ReadonlyMap<string, number>;
}

/** Errors that say nothing bad of a provider: it answered, and well. */
const wellAnswered: ReadonlySet<string> = new Set<TelephonyErrorCode>([
  'invalid_number',
  'invalid_request',
  'not_found',
  'call_ended',
  'not_supported',
  'provider_refused',
  'credential_limit_reached',
]);

/** Errors that another provider would give as well. */
const sameElsewhere: ReadonlySet<string> = new Set<TelephonyErrorCode>([
  'invalid_number',
  'invalid_request',
]);

/** One provider and what stands before it. */
interface Counter {
  readonly provider: Provider;
  readonly breaker: CircuitBreaker;
  /** It asked to be left alone until then, on the monotonic clock. */
  restUntilMs: number;
}

/** What became of asking one provider. */
interface Outcome<Value> {
  readonly attempt: Attempt;
  readonly value?: Value;
  readonly error?: ProviderError;
}

/** Why it was not done, and by whom: nobody when no provider can. */
interface Refusal {
  readonly error: ProviderError;
  readonly provider?: string;
}

/** True unless it is certain that the provider did nothing, or it answered why it did not. */
function mayBeDone({ effect, code }: ProviderError): boolean {
  return effect !== 'none' && !wellAnswered.has(code);
}

type Ask<Value> = (provider: Provider, context: ProviderContext) => Promise<Value>;

/** What is asked for. */
interface Question<Value> {
  /** By which its answer is checked. */
  readonly call: CheckedCall;
  readonly ask: Ask<Value>;
  /** True when doing it twice does no harm. */
  readonly isRepeatable: boolean;
  /** In place of the provider's own, milliseconds. */
  readonly timeoutMs?: number;
}

/** No longer than this is a provider left alone because it said so: it may be mistaken. */
const longestRestMs = 300_000;
const dayMs = 86_400_000;

/**
 * Takes what is asked of telephony to a provider: to the first that works, each behind a breaker of
 * its own. It lives in the worker and never throws.
 *
 * Another provider is asked only when the one before it certainly did nothing, or when doing it
 * twice does no harm: a credential too many expires; a call too many rings.
 */
export class ProviderDesk {
  readonly #counters: readonly Counter[];
  readonly #clock: Clock;

  constructor(
    providers: readonly Provider[],
    { timeoutMs }: DeskOptions = {},
    { clock = systemClock }: { readonly clock?: Clock } = {},
  ) {
    this.#clock = clock;
    this.#counters = providers.map((provider) => {
      const limit = timeoutMs?.get(provider.name);
      const options = { classify, ...(limit === undefined ? {} : { timeoutMs: limit }) };
      const breaker = new CircuitBreaker(provider.name, options, { clock });
      return { provider, breaker, restUntilMs: -Infinity };
    });
  }

  states(): ProviderState[] {
    return this.#counters.map(({ provider, breaker }) => ({
      name: provider.name,
      breaker: breaker.state,
      hasCalls: provider.calls !== undefined,
    }));
  }

  issueCredential(
    request: CredentialRequest,
    signal: AbortSignal,
  ): Promise<WorkerAnswer<ProviderCredential>> {
    const ask: Ask<ProviderCredential> = (provider, context) =>
      provider.issueCredential(request, context);
    return this.#first(
      this.#counters,
      { call: 'issueCredential', ask, isRepeatable: true },
      signal,
    );
  }

  revokeCredential({ provider, id }: OfProvider, signal: AbortSignal) {
    const ask: Ask<undefined> = async (each, context) => {
      await each.revokeCredential(id, context);
      return undefined;
    };
    const question = { call: 'revokeCredential', ask, isRepeatable: false } as const;
    return this.#first(this.#named(provider), question, signal);
  }

  placeCall(
    request: PlaceCallRequest,
    signal: AbortSignal,
  ): Promise<WorkerAnswer<{ readonly id: string }>> {
    const able = this.#counters.filter(({ provider }) => provider.calls !== undefined);
    const ask: Ask<{ readonly id: string }> = ({ calls }, context) =>
      calls!.place(request, context);
    return this.#first(able, { call: 'placeCall', ask, isRepeatable: false }, signal);
  }

  answerCall({ provider, id }: OfProvider, signal: AbortSignal) {
    const ask: Ask<undefined> = async ({ calls }, context) => {
      await calls!.answer(id, context);
      return undefined;
    };
    const question = { call: 'answerCall', ask, isRepeatable: false } as const;
    return this.#first(this.#named(provider, true), question, signal);
  }

  endCall({ provider, id }: OfProvider, signal: AbortSignal) {
    const ask: Ask<undefined> = async ({ calls }, context) => {
      await calls!.end(id, context);
      return undefined;
    };
    const question = { call: 'endCall', ask, isRepeatable: false } as const;
    return this.#first(this.#named(provider, true), question, signal);
  }

  /** Of all providers. One that fails keeps the others from nothing; its failure is the answer. */
  async cleanUpCredentials(
    request: CleanUpRequest,
    signal: AbortSignal,
  ): Promise<WorkerAnswer<ProviderCleanUp[]>> {
    const question: Question<ProviderCleanUp> = {
      call: 'cleanUpCredentials',
      ask: async (provider, context) => ({
        ...(await provider.cleanUpCredentials(request, context)),
        provider: provider.name,
      }),
      isRepeatable: true,
      timeoutMs: cleanUpMs,
    };
    const outcomes: Outcome<ProviderCleanUp>[] = [];
    for (const counter of this.#counters) outcomes.push(await this.#ask(counter, question, signal));
    const attempts = outcomes.map(({ attempt }) => attempt);
    for (const { error, attempt } of outcomes) {
      const { provider } = attempt;
      if (error !== undefined) return this.#refused({ error, provider }, attempts);
    }
    const value = outcomes.map((outcome) => outcome.value!);
    const providers = this.states();
    return { ok: true, value, provider: attempts[0]?.provider ?? '', attempts, providers };
  }

  #named(name: string, hasCalls = false): readonly Counter[] {
    return this.#counters.filter(
      ({ provider }) => provider.name === name && (!hasCalls || provider.calls !== undefined),
    );
  }

  async #first<Value>(
    counters: readonly Counter[],
    question: Question<Value>,
    signal: AbortSignal,
  ): Promise<WorkerAnswer<Value>> {
    const attempts: Attempt[] = [];
    let last: Refusal | undefined;
    for (const counter of counters) {
      const { attempt, value, error } = await this.#ask(counter, question, signal);
      attempts.push(attempt);
      if (error === undefined) {
        const { name } = counter.provider;
        return { ok: true, value: value!, provider: name, attempts, providers: this.states() };
      }
      // What one refused for a reason says more than that the next was not asked, or never can.
      const saysLess = attempt.code === 'breaker_open' || error.code === 'not_supported';
      if (last === undefined || !saysLess) last = { error, provider: counter.provider.name };
      const isOver = signal.aborted || sameElsewhere.has(error.code);
      if (isOver || !(question.isRepeatable || error.effect === 'none')) break;
    }
    return this.#refused(last ?? { error: nobody() }, attempts);
  }

  async #ask<Value>(
    counter: Counter,
    { call, ask, timeoutMs }: Question<Value>,
    signal: AbortSignal,
  ): Promise<Outcome<Value>> {
    const { provider, breaker } = counter;
    const beganMs = this.#clock.monotonic();
    const attempt = (code: string | null): Attempt => ({
      provider: provider.name,
      tookMs: this.#clock.monotonic() - beganMs,
      code,
    });
    const restMs = counter.restUntilMs - beganMs;
    if (restMs > 0) return { attempt: attempt('breaker_open'), error: resting(provider, restMs) };
    try {
      const options = { signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
      const value = await breaker.execute(async (context) => {
        const read = readValue(call, await ask(provider, context));
        // A provider of the host's own is believed no more than one on the network.
        if ('wrong' in read) throw nonsense(provider, read.wrong);
        return read.value as Value;
      }, options);
      return { attempt: attempt(null), value };
    } catch (thrown) {
      const error = readError(provider, thrown);
      const retryAfterMs = waitOf(error);
      if (error.code === 'provider_rate_limited' && retryAfterMs !== undefined) {
        const restMs = Math.min(retryAfterMs, longestRestMs);
        counter.restUntilMs = this.#clock.monotonic() + restMs;
      }
      const isRefused = thrown instanceof BreakerRefusedError;
      return { attempt: attempt(isRefused ? 'breaker_open' : error.code), error };
    }
  }

  #refused({ error, provider }: Refusal, attempts: Attempt[]): WorkerAnswer<never> {
    const { code, message } = error;
    const retryAfterMs = waitOf(error);
    return {
      ok: false,
      code,
      message: message.slice(0, mostMessage),
      ...(mayBeDone(error) ? { mayBeDone: true } : {}),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(provider === undefined ? {} : { provider }),
      attempts,
      providers: this.states(),
    };
  }
}

/** What a breaker counts. */
function classify(thrown: unknown): string | null {
  const { code } = (thrown ?? {}) as { readonly code?: unknown };
  if (!isErrorCode(code)) return 'internal';
  return wellAnswered.has(code) ? null : code;
}

/** Whatever was thrown, as one of our errors. A message that is not ours is not passed on. */
function readError(provider: Provider, thrown: unknown): ProviderError {
  const { name } = provider;
  if (thrown instanceof ProviderError) return thrown;
  if (thrown instanceof BreakerRefusedError) {
    const retryAfterMs = Number.isFinite(thrown.retryAfterMs) ? thrown.retryAfterMs : undefined;
    const message = `unable to ask ${name}; it failed too often and is left alone now`;
    return new ProviderError('provider_unavailable', message, { effect: 'none', retryAfterMs });
  }
  const code = thrown instanceof RingfenceError ? thrown.code : undefined;
  if (code === 'operation_timeout') {
    return new ProviderError('timeout', `unable to wait for ${name}; it took too long`);
  }
  if (code === 'child_stopped') {
    return new ProviderError('not_ready', `unable to ask ${name}; the worker ends`);
  }
  return new ProviderError('internal', `unable to ask ${name}; it threw an error of its own`);
}

/** How long to wait, if that is a time at all. */
function waitOf({ retryAfterMs }: ProviderError): number | undefined {
  if (typeof retryAfterMs !== 'number' || Number.isNaN(retryAfterMs)) return undefined;
  return Math.min(Math.max(0, retryAfterMs), dayMs);
}

function nonsense({ name }: Provider, wrong: string): ProviderError {
  const message = `unable to use what ${name} gave; its form is wrong: ${wrong}`;
  return new ProviderError('provider_nonsense', message);
}

function resting({ name }: Provider, retryAfterMs: number): ProviderError {
  const message = `unable to ask ${name}; it wants to be left alone for a while`;
  return new ProviderError('provider_rate_limited', message, { effect: 'none', retryAfterMs });
}

function nobody(): ProviderError {
  const message = 'unable to do this; no provider of that name can';
  return new ProviderError('not_supported', message, { effect: 'none' });
}
