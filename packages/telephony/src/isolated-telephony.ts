import {
  Emitter,
  randomId,
  silentLogger,
  systemClock,
  systemRandom,
  toError,
} from '@ringfence/base';
import type { Clock, Logger, Random } from '@ringfence/base';
import { Service } from '@ringfence/isolation/supervisor';
import { CallLedger } from './call-ledger.ts';
import type { CallUpdate, TelephonyCall } from './call-ledger.ts';
import { codeOf, hopelessStart, mayBeDone, readFailure, uncertain } from './failures.ts';
import type { ChangingCall } from './failures.ts';
import { makeId, readId, readNumber, readRequest, readTtl, readUsername } from './input.ts';
import { serviceOptions, workerMaker } from './isolated-worker.ts';
import type { IsolationOptions } from './isolated-worker.ts';
import { nameOf, readProviderConfigs } from './provider/provider-config.ts';
import type { ProviderConfig } from './provider/provider-config.ts';
import { refusal, success } from './result.ts';
import type { Result, TelephonyFailure } from './result.ts';
import type {
  IssueCredential,
  OfCall,
  PlaceCall,
  Telephony,
  TelephonyCollaborators,
  TelephonyCredential,
  TelephonyEvents,
  TelephonyHealth,
  TelephonyOptions,
  TelephonyStatus,
} from './telephony.ts';
import { Meter } from './telephony-metrics.ts';
import type { TelephonyMetrics } from './telephony-metrics.ts';
import { TelnyxWebhooks } from './telnyx/telnyx-webhooks.ts';
import type { TelephonyWebhook, WebhookRequest } from './telnyx/telnyx-webhooks.ts';
import { cleanUpMs } from './worker/contract.ts';
import type {
  ProviderCleanUp,
  ProviderState,
  TelephonyWorker,
  WorkerAnswer,
} from './worker/contract.ts';

/** How long the worker may take to say how its providers are, once it gave a sign of life. */
const statesMs = 5_000;

/** Why nothing can be asked for now. */
const notReady: Readonly<Record<TelephonyStatus['status'], string>> = {
  idle: 'it was not started',
  starting: 'it is starting',
  ready: 'it finishes what it has',
  error: 'its worker failed and is being restarted',
  stopped: 'it was stopped',
};

/**
 * Makes telephony. It does not throw either: with options that are not valid it is made, its start
 * fails with `invalid_option`, and everything else says `not_ready`.
 *
 * @example
 * const telephony = createTelephony({
 *   providers: [{ kind: 'telnyx', apiKey: { env: 'TELNYX_API_KEY' }, connectionId: '1234' }],
 * });
 * void telephony.start();
 */
export function createTelephony(
  options: TelephonyOptions,
  collaborators: TelephonyCollaborators = {},
): Telephony {
  return new IsolatedTelephony(options, collaborators);
}

class IsolatedTelephony implements Telephony {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  readonly #emitter: Emitter<TelephonyEvents>;
  readonly #ledger: CallLedger;
  readonly #meter: Meter;
  /** Undefined when the options are not valid: see {@link TelephonyFailure}. */
  readonly #service: Service<TelephonyWorker> | undefined;
  readonly #invalid: TelephonyFailure | undefined;
  #webhooks: readonly TelnyxWebhooks[] = [];
  #hasStarted = false;
  /** Why it gave up; undefined while it has not. */
  #fatal: TelephonyFailure | undefined;

  constructor(options: TelephonyOptions, collaborators: TelephonyCollaborators) {
    const { clock = systemClock, random = systemRandom, logger = silentLogger } = collaborators;
    this.#clock = clock;
    this.#random = random;
    this.#logger = logger;
    this.#emitter = new Emitter((thrown, event) =>
      logger.error('a listener of telephony threw', { event, error: toError(thrown).name }),
    );
    this.#ledger = new CallLedger(clock);
    let names: readonly string[] = [];
    try {
      const configs = readProviderConfigs(options?.providers);
      names = configs.map(nameOf);
      this.#webhooks = webhooksOf(configs, clock);
      this.#service = this.#makeService(configs, options.isolation ?? {}, collaborators);
    } catch (thrown) {
      this.#invalid = readFailure(thrown);
    }
    this.#meter = new Meter(clock, names);
  }

  async start(options: { readonly signal?: AbortSignal } = {}): Promise<Result<undefined>> {
    if (this.#service === undefined) {
      this.#hasStarted = true;
      this.#tellStatus();
      return { ok: false, error: this.#invalid! };
    }
    if (options.signal?.aborted !== true) this.#fatal = undefined;
    try {
      await this.#service.start(options);
      return success(undefined);
    } catch (thrown) {
      return { ok: false, error: this.#fatal ?? readFailure(thrown) };
    }
  }

  async stop(): Promise<void> {
    await this.#service?.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  status(): TelephonyStatus {
    const state = this.#service?.state ?? (this.#hasStarted ? 'error' : 'idle');
    const status = this.#fatal === undefined ? state : 'error';
    const healthy = this.#service?.isAvailable === true;
    return { status, healthy, timestamp: this.#clock.now() };
  }

  async health(): Promise<TelephonyHealth> {
    const service = this.#service;
    const failed = service?.status().children.find((child) => child.lastError !== undefined);
    const lastError = (this.#invalid ?? this.#fatal)?.code ?? failed?.lastError?.code;
    if (service?.isAvailable !== true) {
      return { ...this.status(), roundTripMs: 0, providers: [], lastError };
    }
    const { roundTripMs, isHealthy } = await service.check();
    // One that hangs is not asked what it could not answer either.
    const states = isHealthy ? await this.#askStates(service) : undefined;
    const status = this.status();
    const healthy = status.healthy && isHealthy;
    return { ...status, healthy, roundTripMs, providers: states ?? [], lastError };
  }

  issueCredential(request: IssueCredential): Promise<Result<TelephonyCredential>> {
    return safely(() => this.#issueCredential(request));
  }

  revokeCredential(request: { readonly credentialId: string }): Promise<Result<undefined>> {
    return safely(() => this.#revokeCredential(request));
  }

  cleanUpCredentials(
    request: { readonly isDryRun?: boolean } = {},
  ): Promise<Result<readonly ProviderCleanUp[]>> {
    return safely(() => this.#cleanUpCredentials(request));
  }

  placeCall(request: PlaceCall): Promise<Result<TelephonyCall>> {
    return safely(() => this.#placeCall(request));
  }

  answerCall(request: OfCall): Promise<Result<TelephonyCall>> {
    return safely(() => this.#control('answerCall', request, 'active'));
  }

  /** Ending what has ended is no failure. */
  endCall(request: OfCall): Promise<Result<TelephonyCall>> {
    return safely(() => this.#control('endCall', request, 'ended'));
  }

  calls(): readonly TelephonyCall[] {
    return this.#ledger.list();
  }

  metrics(): TelephonyMetrics {
    const none = { state: 'idle', isFatal: false, upMs: 0, restarts: 0, children: [] } as const;
    return this.#meter.read(this.#service?.status() ?? none, this.#ledger.size);
  }

  receiveWebhook(request: WebhookRequest): Result<TelephonyWebhook> {
    try {
      return this.#receiveWebhook(request);
    } catch (thrown) {
      return { ok: false, error: readFailure(thrown) };
    }
  }

  on<Name extends keyof TelephonyEvents>(
    name: Name,
    listener: (payload: TelephonyEvents[Name]) => unknown,
  ): () => void {
    return this.#emitter.on(name, listener);
  }

  #makeService(
    configs: readonly ProviderConfig[],
    isolation: IsolationOptions,
    collaborators: TelephonyCollaborators,
  ): Service<TelephonyWorker> {
    const parts = { clock: this.#clock, logger: this.#logger };
    const create = collaborators.createWorker ?? workerMaker(configs, isolation, parts);
    const supervision = { ...parts, random: this.#random };
    const service = new Service(create, serviceOptions(isolation), supervision);
    service.onStateChange(({ state }) => {
      this.#logger.info('telephony changed its state', { state });
      this.#tellStatus();
    });
    service.supervisor.on('child.failed', ({ error, restart, restartInMs }) => {
      this.#meter.restarted();
      const code = codeOf(error);
      const { message } = readFailure(error);
      // One that serves is not ended because another one cannot be started.
      const hopeless = service.isAvailable ? undefined : hopelessStart(error);
      const failed = {
        code,
        message,
        restart,
        restartInMs: hopeless === undefined ? restartInMs : undefined,
      };
      this.#logger.warn('the telephony worker failed', failed);
      // Of several workers, the others fail the same way: it gives up once.
      if (hopeless !== undefined && restartInMs !== undefined) {
        this.#fatal = hopeless;
        void service.stop();
      }
      this.#emitter.emit('worker.failed', failed);
      // Who heard of it may have started it again.
      if (hopeless !== undefined && this.#fatal === hopeless) this.#gaveUp(hopeless);
    });
    service.supervisor.on('fatal_error', ({ error }) => this.#gaveUp(readFailure(error)));
    return service;
  }

  #gaveUp(fatal: TelephonyFailure): void {
    this.#fatal = fatal;
    this.#logger.error('telephony gave up', { code: fatal.code, message: fatal.message });
    this.#emitter.emit('fatal_error', { error: fatal });
  }

  async #askStates(service: Service<TelephonyWorker>): Promise<ProviderState[] | undefined> {
    try {
      const states = await service.call('providers', undefined, { timeoutMs: statesMs });
      this.#meter.answered([], states);
      return states;
    } catch {
      return undefined;
    }
  }

  #tellStatus(): void {
    this.#emitter.emit('status.changed', this.status());
  }

  /** Asks the worker. Whatever goes wrong is in the result. */
  async #ask<Value>(
    method: ChangingCall,
    ask: (service: Service<TelephonyWorker>) => Promise<WorkerAnswer<Value>>,
  ): Promise<Result<{ readonly provider: string; readonly value: Value }>> {
    const service = this.#service;
    if (service?.isAvailable !== true) return this.#notReady();
    try {
      const answer = await ask(service);
      this.#meter.answered(answer.attempts, answer.providers);
      if (answer.ok) return success({ provider: answer.provider, value: answer.value });
      const { code, message, retryAfterMs, provider } = answer;
      this.#logger.warn('a telephony provider did not do it', { code, provider });
      const refused = refusal(code, message, { retryAfterMs, provider });
      return answer.mayBeDone === true ? refuseUncertain(method, refused.error) : refused;
    } catch (thrown) {
      const error = readFailure(thrown);
      this.#logger.warn('the telephony worker did not answer', { code: error.code });
      return mayBeDone(thrown) ? refuseUncertain(method, error) : { ok: false, error };
    }
  }

  #notReady(): { readonly ok: false; readonly error: TelephonyFailure } {
    if (this.#invalid !== undefined) {
      return refusal('not_ready', 'unable to use telephony; its options are not valid', {
        retryable: false,
        hint: 'Look at what start() resolves with, and mend the options.',
      });
    }
    if (this.#fatal !== undefined) {
      return refusal('not_ready', 'unable to use telephony; it gave up', {
        retryable: false,
        hint: 'Look at fatal_error or health() for why, mend that, and call start() again.',
      });
    }
    return refusal('not_ready', `unable to use telephony; ${notReady[this.status().status]}`);
  }

  async #issueCredential(request: IssueCredential): Promise<Result<TelephonyCredential>> {
    const asked = readRequest('issue a credential', request, {
      username: 'any',
      ttlMs: 'any',
      wantsToken: 'boolean',
    });
    if (!asked.ok) return asked;
    const username = readUsername(request.username);
    if (!username.ok) return username;
    const ttlMs = readTtl(request.ttlMs);
    if (!ttlMs.ok) return ttlMs;
    const wantsToken = request.wantsToken === true;
    const input = { username: username.value, ttlMs: ttlMs.value, wantsToken };
    // Done twice, one of the two expires by itself.
    const answer = await this.#ask('issueCredential', (service) =>
      service.call('issueCredential', input, { isRepeatable: true }),
    );
    this.#meter.credential(answer.ok);
    if (!answer.ok) return answer;
    const { provider, value } = answer.value;
    return success({ ...value, id: makeId({ provider, id: value.id }), provider });
  }

  async #revokeCredential(request: { readonly credentialId: string }): Promise<Result<undefined>> {
    const asked = readRequest('revoke a credential', request, { credentialId: 'any' });
    if (!asked.ok) return asked;
    const of = readId('credentialId', request.credentialId);
    if (!of.ok) return of;
    const answer = await this.#ask('revokeCredential', (service) =>
      service.call('revokeCredential', of.value, { isRepeatable: true }),
    );
    return answer.ok ? success(undefined) : answer;
  }

  async #cleanUpCredentials(request: {
    readonly isDryRun?: boolean;
  }): Promise<Result<readonly ProviderCleanUp[]>> {
    // Whoever wants to count only, and writes it otherwise, must not have anything removed.
    const asked = readRequest('clean up credentials', request, { isDryRun: 'boolean' });
    if (!asked.ok) return asked;
    const { isDryRun = false } = request;
    // Each provider has its time, one after another; some to spare for the way.
    const timeoutMs = this.#meter.names.length * cleanUpMs + 5_000;
    const answer = await this.#ask('cleanUpCredentials', (service) =>
      service.call('cleanUpCredentials', { isDryRun }, { isRepeatable: true, timeoutMs }),
    );
    return answer.ok ? success(answer.value.value) : answer;
  }

  async #placeCall(request: PlaceCall): Promise<Result<TelephonyCall>> {
    const asked = readRequest('place a call', request, {
      to: 'any',
      from: 'any',
      userId: 'string',
    });
    if (!asked.ok) return asked;
    const to = readNumber('to', request.to);
    if (!to.ok) return to;
    const from = request.from === undefined ? success(undefined) : readNumber('from', request.from);
    if (!from.ok) return from;
    const commandId = randomId(this.#random);
    const answer = await this.#ask('placeCall', (service) =>
      service.call('placeCall', { to: to.value, from: from.value, commandId }),
    );
    if (!answer.ok) return answer;
    const { provider, value } = answer.value;
    return this.#changed({
      callId: makeId({ provider, id: value.id }),
      provider,
      state: 'ringing',
      direction: 'outgoing',
      to: to.value,
      ...(from.value === undefined ? {} : { from: from.value }),
      ...(request.userId === undefined ? {} : { userId: request.userId }),
    });
  }

  async #control(
    method: 'answerCall' | 'endCall',
    request: OfCall,
    state: 'active' | 'ended',
  ): Promise<Result<TelephonyCall>> {
    const what = method === 'answerCall' ? 'answer a call' : 'end a call';
    const asked = readRequest(what, request, { callId: 'any', userId: 'string' });
    if (!asked.ok) return asked;
    const { callId, userId } = request;
    const of = readId('callId', callId);
    if (!of.ok) return of;
    const answer = await this.#ask(method, (service) =>
      service.call(method, of.value, { isRepeatable: true }),
    );
    const isOver = !answer.ok && answer.error.code === 'call_ended';
    const { provider } = of.value;
    if (isOver) this.#changed({ callId, provider, state: 'ended' });
    if (!answer.ok && !(isOver && state === 'ended')) return answer;
    return this.#changed({
      callId,
      provider,
      state,
      // Of one that nobody here heard of: who answers did not place it.
      ...(method === 'answerCall' ? { direction: 'incoming' } : {}),
      ...(userId === undefined ? {} : { userId }),
    });
  }

  /** Takes in what changed. Gives the call as it is then. */
  #changed(update: CallUpdate): Result<TelephonyCall> {
    const before = this.#ledger.get(update.callId);
    const call = this.#ledger.update(update);
    if (call !== undefined) this.#emitter.emit('call.changed', { call });
    return success(call ?? before ?? unknownCall(update, this.#clock.now()));
  }

  #receiveWebhook(given: WebhookRequest): Result<TelephonyWebhook> {
    const fields = { signature: 'any', timestamp: 'any', body: 'any' } as const;
    const asked = readRequest('read a webhook', given, fields);
    if (!asked.ok) return asked;
    const wrong = (why: string) => refusal('invalid_request', `unable to read a webhook; ${why}`);
    const { body } = given;
    // Headers that did not come are undefined in some hosts.
    const [signature, timestamp] = [given.signature ?? null, given.timestamp ?? null];
    if (!isTextOrNull(signature)) return wrong('signature is no text, and not null');
    if (!isTextOrNull(timestamp)) return wrong('timestamp is no text, and not null');
    if (!(body instanceof Uint8Array)) return wrong('body is no Uint8Array');
    const request = { signature, timestamp, body };
    let last: Result<TelephonyWebhook> = refusal(
      'not_supported',
      'unable to read a webhook; no provider has a webhookPublicKey',
    );
    for (const webhooks of this.#webhooks) {
      last = webhooks.read(request);
      if (last.ok || last.error.code !== 'invalid_signature') break;
    }
    if (last.ok && !last.value.isDuplicate) this.#received(last.value);
    if (!last.ok) this.#logger.warn('a webhook was refused', { code: last.error.code });
    return last;
  }

  #received(webhook: TelephonyWebhook): void {
    if (webhook.call !== undefined) this.#changed(webhook.call);
    this.#emitter.emit('webhook.received', { webhook });
  }
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === 'string';
}

function refuseUncertain(method: ChangingCall, failed: TelephonyFailure) {
  return { ok: false, error: uncertain(method, failed) } as const;
}

/** Does it; what it throws all the same is a failure as well. */
async function safely<Value>(work: () => Promise<Result<Value>>): Promise<Result<Value>> {
  try {
    return await work();
  } catch (thrown) {
    return { ok: false, error: readFailure(thrown) };
  }
}

/** A call that ended before, or that nobody here heard of. */
function unknownCall(update: CallUpdate, now: number): TelephonyCall {
  return {
    callId: update.callId,
    provider: update.provider,
    direction: update.direction ?? 'outgoing',
    state: update.state,
    to: update.to,
    from: update.from,
    userId: update.userId,
    startedAt: now,
    answeredAt: undefined,
  };
}

function webhooksOf(
  configs: readonly ProviderConfig[],
  clock: Pick<Clock, 'now'>,
): readonly TelnyxWebhooks[] {
  return configs.flatMap((config) =>
    config.kind === 'telnyx' && config.webhookPublicKey !== undefined
      ? [new TelnyxWebhooks(nameOf(config), config.webhookPublicKey, clock)]
      : [],
  );
}
