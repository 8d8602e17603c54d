import { FakeClock, settle } from '@ringfence/base/testing';
import { expect, test } from 'vitest';
import { ProviderError } from '../provider/provider-error.ts';
import type { ProviderErrorOptions } from '../provider/provider-error.ts';
import type { TelephonyErrorCode } from '../error-codes.ts';
import type { Provider, ProviderContext, ProviderCredential } from '../provider/provider.ts';
import { ProviderDesk } from './provider-desk.ts';
import { isWorkerResult } from './contract.ts';

const request = { username: 'ada', ttlMs: 60_000, wantsToken: false };
const place = { to: '+12025550123', from: undefined, commandId: 'a' };
const never = new AbortController().signal;

function credential(username: string): ProviderCredential {
  return {
    id: 'id',
    username,
    password: 'p',
    expiresAt: 1,
    realm: 'r',
    sipUri: 'sip:a@r',
    stunServers: [],
    turnServers: [],
  };
}

const error = (code: TelephonyErrorCode, options?: ProviderErrorOptions): ProviderError =>
  new ProviderError(code, `unable to go on; ${code}`, options);

/** A provider that does what `next` says, for everything. */
class ScriptedProvider implements Provider {
  readonly name: string;
  readonly calls;
  asked = 0;
  next: (context: ProviderContext) => Promise<void> = async () => {};

  constructor(name: string, hasCalls = true) {
    this.name = name;
    const act = (context: ProviderContext): Promise<void> => this.#act(context);
    this.calls = {
      place: async (_: unknown, context: ProviderContext) => (
        await act(context),
        { id: `${name}-call` }
      ),
      answer: (_: string, context: ProviderContext) => act(context),
      end: (_: string, context: ProviderContext) => act(context),
    };
    if (!hasCalls) this.calls = undefined as never;
  }

  fail(thrown: unknown): void {
    this.next = () => Promise.reject(thrown);
  }

  async issueCredential(_: unknown, context: ProviderContext): Promise<ProviderCredential> {
    await this.#act(context);
    return credential(this.name);
  }

  revokeCredential(_: string, context: ProviderContext): Promise<void> {
    return this.#act(context);
  }

  async cleanUpCredentials(_: unknown, context: ProviderContext) {
    await this.#act(context);
    return { removed: 1, kept: 2 };
  }

  #act(context: ProviderContext): Promise<void> {
    this.asked += 1;
    return this.next(context);
  }
}

function setUp() {
  const clock = new FakeClock();
  const [first, second] = [new ScriptedProvider('first'), new ScriptedProvider('second')];
  const desk = new ProviderDesk([first, second], {}, { clock });
  return { clock, first, second, desk };
}

test('the first that works is asked', async () => {
  const { desk, first, second } = setUp();
  expect(await desk.issueCredential(request, never)).toEqual({
    ok: true,
    value: credential('first'),
    provider: 'first',
    attempts: [{ provider: 'first', tookMs: 0, code: null }],
    providers: [
      { name: 'first', breaker: 'closed', hasCalls: true },
      { name: 'second', breaker: 'closed', hasCalls: true },
    ],
  });
  expect([first.asked, second.asked]).toEqual([1, 0]);
});

test('a credential is asked of the next, whatever became of it at the one before', async () => {
  const { desk, first } = setUp();
  for (const code of [
    'provider_unreachable',
    'provider_failed',
    'provider_nonsense',
    'provider_rate_limited',
    'provider_unauthorized',
    'provider_refused',
    'credential_limit_reached',
    'not_supported',
    'timeout',
  ] as const) {
    first.fail(error(code));
    const answer = await desk.issueCredential(request, never);
    expect(answer).toMatchObject({ ok: true, provider: 'second', value: { username: 'second' } });
    expect(answer.attempts.at(-1)).toEqual({ provider: 'second', tookMs: 0, code: null });
  }
});

test('a call is asked of the next only when it certainly was not placed', async () => {
  const { desk, first, second } = setUp();
  first.fail(error('provider_unreachable', { effect: 'none' }));
  expect(await desk.placeCall(place, never)).toMatchObject({ value: { id: 'second-call' } });
  first.fail(error('provider_unreachable'));
  expect(await desk.placeCall(place, never)).toMatchObject({
    ok: false,
    code: 'provider_unreachable',
    provider: 'first',
  });
  expect(second.asked).toBe(1);
});

test('an answer says that it may be done, unless that is certain not to be so', async () => {
  const { desk, first } = setUp();
  const of = { provider: 'first', id: 'x' };
  const told = async (thrown: unknown): Promise<unknown> => {
    first.fail(thrown);
    const answer = await desk.endCall(of, never);
    return answer.ok ? 'ok' : answer.mayBeDone;
  };
  expect(await told(error('provider_unreachable'))).toBe(true);
  expect(await told(error('timeout'))).toBe(true);
  expect(await told(new Error('broken on purpose'))).toBe(true);
  expect(await told(error('provider_failed', { effect: 'none' }))).toBe(undefined);
  // It answered why it did not.
  expect(await told(error('provider_refused'))).toBe(undefined);
  expect(await told(error('not_found'))).toBe(undefined);
  const other = setUp();
  other.first.fail(error('provider_failed'));
  const placed = await other.desk.placeCall(place, never);
  expect(placed).toMatchObject({ ok: false, mayBeDone: true });
  expect(isWorkerResult('placeCall', structuredClone(placed))).toBe(true);
});

test('what is wrong with the request is wrong elsewhere too', async () => {
  const { desk, first, second } = setUp();
  first.fail(error('invalid_number', { effect: 'none' }));
  expect(await desk.placeCall(place, never)).toMatchObject({ code: 'invalid_number' });
  expect(second.asked).toBe(0);
});

test('a provider that failed five times is left alone for 30 s, then tried again', async () => {
  const { desk, first, clock } = setUp();
  first.fail(error('provider_failed'));
  for (let count = 0; count < 5; count += 1) await desk.issueCredential(request, never);
  expect(first.asked).toBe(5);
  const answer = await desk.issueCredential(request, never);
  expect(answer).toMatchObject({
    ok: true,
    provider: 'second',
    attempts: [{ provider: 'first', code: 'breaker_open' }, { provider: 'second' }],
    providers: [{ name: 'first', breaker: 'open' }, { breaker: 'closed' }],
  });
  expect(first.asked).toBe(5);
  clock.advance(30_000);
  first.next = async () => {};
  for (let count = 0; count < 3; count += 1) {
    expect(await desk.issueCredential(request, never)).toMatchObject({ provider: 'first' });
  }
  expect(desk.states()[0]).toEqual({ name: 'first', breaker: 'closed', hasCalls: true });
});

test('a call goes to the next as well while the breaker of the first is open', async () => {
  const { desk, first } = setUp();
  first.fail(error('provider_failed'));
  for (let count = 0; count < 5; count += 1) await desk.placeCall(place, never);
  expect(await desk.placeCall(place, never)).toMatchObject({ value: { id: 'second-call' } });
});

test('what a provider refuses for a reason opens no breaker', async () => {
  const { desk, first } = setUp();
  for (const code of [
    'not_found',
    'call_ended',
    'provider_refused',
    'credential_limit_reached',
  ] as const) {
    first.fail(error(code));
    for (let count = 0; count < 10; count += 1) {
      await desk.endCall({ provider: 'first', id: 'x' }, never);
    }
  }
  expect(first.asked).toBe(40);
  expect(desk.states()[0]!.breaker).toBe('closed');
});

test('when all breakers are open it says so, and when to come back', async () => {
  const { desk, first, second, clock } = setUp();
  first.fail(error('provider_failed'));
  second.fail(error('provider_failed'));
  for (let count = 0; count < 5; count += 1) await desk.issueCredential(request, never);
  clock.advance(10_000);
  expect(await desk.issueCredential(request, never)).toMatchObject({
    ok: false,
    code: 'provider_unavailable',
    retryAfterMs: 20_000,
  });
});

test('a provider that says when to come back is left alone until then', async () => {
  const { desk, first, second, clock } = setUp();
  first.fail(error('provider_rate_limited', { retryAfterMs: 3_000, effect: 'none' }));
  await desk.issueCredential(request, never);
  first.next = async () => {};
  clock.advance(2_000);
  expect(await desk.issueCredential(request, never)).toMatchObject({ provider: 'second' });
  expect(first.asked).toBe(1);
  second.fail(error('provider_failed'));
  expect(await desk.revokeCredential({ provider: 'first', id: 'x' }, never)).toMatchObject({
    ok: false,
    code: 'provider_rate_limited',
    retryAfterMs: 1_000,
  });
  clock.advance(1_000);
  expect(await desk.issueCredential(request, never)).toMatchObject({ provider: 'first' });
});

test('a provider that does not answer is given up after 10 s', async () => {
  const { desk, first, clock } = setUp();
  let signal: AbortSignal | undefined;
  first.next = (context) => {
    signal = context.signal;
    return new Promise(() => {});
  };
  const issued = desk.issueCredential(request, never);
  await clock.advanceAsync(10_000);
  expect(await issued).toMatchObject({
    ok: true,
    provider: 'second',
    attempts: [{ provider: 'first', tookMs: 10_000, code: 'timeout' }, { code: null }],
  });
  expect(signal?.aborted).toBe(true);
  const placed = desk.placeCall(place, never);
  await clock.advanceAsync(10_000);
  expect(await placed).toMatchObject({ ok: false, code: 'timeout' });
});

test('the time of a provider can be another', async () => {
  const clock = new FakeClock();
  const provider = new ScriptedProvider('only');
  const options = { timeoutMs: new Map([['only', 500]]) };
  const desk = new ProviderDesk([provider], options, { clock });
  provider.next = () => new Promise(() => {});
  const issued = desk.issueCredential(request, never);
  await clock.advanceAsync(500);
  expect(await issued).toMatchObject({ ok: false, code: 'timeout' });
});

test('nobody else is asked once the caller gave up', async () => {
  const { desk, first, second } = setUp();
  first.next = () => new Promise(() => {});
  const abort = new AbortController();
  const issued = desk.issueCredential(request, abort.signal);
  await settle();
  abort.abort(new Error('given up'));
  expect(await issued).toMatchObject({ ok: false });
  expect(second.asked).toBe(0);
});

test('what a provider throws that is none of our errors is not repeated', async () => {
  const { desk, first } = setUp();
  for (const thrown of [new Error('KEY_secret'), 'KEY_secret', null, { code: 'KEY_secret' }]) {
    first.fail(thrown);
    const answer = await desk.placeCall(place, never);
    expect(answer).toMatchObject({ ok: false, code: 'internal' });
    expect(JSON.stringify(answer)).not.toContain('KEY_secret');
  }
});

test('what belongs to a provider goes to that provider', async () => {
  const { desk, first, second } = setUp();
  const of = { provider: 'second', id: 'x' };
  expect(await desk.answerCall(of, never)).toMatchObject({ ok: true, provider: 'second' });
  expect(await desk.endCall(of, never)).toMatchObject({ ok: true });
  expect(await desk.revokeCredential(of, never)).toMatchObject({ ok: true });
  expect([first.asked, second.asked]).toEqual([0, 3]);
  const stranger = { provider: 'third', id: 'x' };
  expect(await desk.endCall(stranger, never)).toMatchObject({ ok: false, code: 'not_supported' });
});

test('providers without calls are passed over', async () => {
  const [mute, able] = [new ScriptedProvider('mute', false), new ScriptedProvider('able')];
  const desk = new ProviderDesk([mute, able]);
  expect(await desk.placeCall(place, never)).toMatchObject({ provider: 'able' });
  expect(await new ProviderDesk([mute]).placeCall(place, never)).toMatchObject({
    ok: false,
    code: 'not_supported',
  });
  const of = { provider: 'mute', id: 'x' };
  expect(await desk.endCall(of, never)).toMatchObject({ ok: false, code: 'not_supported' });
});

test('cleaning up asks all, and one that fails keeps no other from it', async () => {
  const { desk, first, second } = setUp();
  expect(await desk.cleanUpCredentials({ isDryRun: false }, never)).toMatchObject({
    ok: true,
    value: [
      { provider: 'first', removed: 1, kept: 2 },
      { provider: 'second', removed: 1, kept: 2 },
    ],
  });
  first.fail(error('provider_failed'));
  expect(await desk.cleanUpCredentials({ isDryRun: false }, never)).toMatchObject({
    ok: false,
    code: 'provider_failed',
  });
  expect(second.asked).toBe(2);
});

test('every answer is one that the host believes', async () => {
  const { desk, first } = setUp();
  const of = { provider: 'first', id: 'x' };
  const answers = async () => ({
    issueCredential: await desk.issueCredential(request, never),
    revokeCredential: await desk.revokeCredential(of, never),
    cleanUpCredentials: await desk.cleanUpCredentials({ isDryRun: true }, never),
    placeCall: await desk.placeCall(place, never),
    answerCall: await desk.answerCall(of, never),
    endCall: await desk.endCall(of, never),
    providers: desk.states(),
  });
  for (const thrown of [undefined, error('provider_rate_limited', { retryAfterMs: 5 })]) {
    if (thrown !== undefined) first.fail(thrown);
    for (const [method, answer] of Object.entries(structuredClone(await answers()))) {
      expect([method, isWorkerResult(method, answer)]).toEqual([method, true]);
    }
  }
  const valid = await desk.placeCall(place, never);
  for (const nonsense of [
    undefined,
    null,
    7,
    {},
    { ...valid, code: 'x', ok: false },
    { ...valid, more: 1 },
  ]) {
    expect(isWorkerResult('placeCall', nonsense)).toBe(false);
  }
  expect(isWorkerResult('toString', valid)).toBe(false);
});

test('what a provider gives that is no answer is an error, and the next is asked', async () => {
  const { desk, first } = setUp();
  const given: unknown[] = [
    undefined,
    { password: 'only' },
    { ...credential('first'), id: 'a b' },
    { ...credential('first'), expiresAt: '1' },
    { ...credential('first'), expiresAt: Infinity },
    { ...credential('first'), more: 1 },
    { ...credential('first'), password: 'x'.repeat(8_193) },
    { ...credential('first'), turnServers: [{ urls: 'turn:x', username: 'u', credential: 'c' }] },
  ];
  for (const value of given) {
    first.issueCredential = async () => value as ProviderCredential;
    const answer = await desk.issueCredential(request, never);
    expect(answer).toMatchObject({ ok: true, provider: 'second' });
    expect(answer.attempts[0]).toMatchObject({ provider: 'first', code: expect.any(String) });
  }
  first.calls.place = async () => ({ id: '..' });
  const other = new ProviderDesk([first]);
  expect(await other.placeCall(place, never)).toMatchObject({
    ok: false,
    code: 'provider_nonsense',
    message: 'unable to use what first gave; its form is wrong: id',
  });
});

test('a time to wait that is none is not believed, and a long one not for long', async () => {
  for (const [retryAfterMs, told, restsMs] of [
    [Number.NaN, undefined, 0],
    [-5, 0, 0],
    ['60000', undefined, 0],
    [Infinity, 86_400_000, 300_000],
    [1e300, 86_400_000, 300_000],
  ] as const) {
    const { desk, first, clock } = setUp();
    const options = { retryAfterMs: retryAfterMs as number, effect: 'none' } as const;
    first.fail(error('provider_rate_limited', options));
    const of = { provider: 'first', id: 'x' };
    const answer = await desk.endCall(of, never);
    expect(answer).toEqual({
      ...answer,
      ok: false,
      code: 'provider_rate_limited',
      ...(told !== undefined && { retryAfterMs: told }),
    });
    expect([retryAfterMs, 'retryAfterMs' in answer]).toEqual([retryAfterMs, told !== undefined]);
    expect(isWorkerResult('endCall', structuredClone(answer))).toBe(true);
    first.next = async () => {};
    if (restsMs > 0) {
      clock.advance(restsMs - 1);
      expect(await desk.endCall(of, never)).toMatchObject({ ok: false, retryAfterMs: 1 });
      clock.advance(1);
    }
    expect(await desk.endCall(of, never)).toMatchObject({ ok: true });
  }
});

test('that the last one never can is no answer; why the first did not is', async () => {
  const { desk, first, second } = setUp();
  first.fail(error('provider_failed'));
  second.fail(error('not_supported', { effect: 'none' }));
  expect(await desk.issueCredential(request, never)).toMatchObject({
    ok: false,
    code: 'provider_failed',
    provider: 'first',
  });
});

test('a long message is cut, and its worker goes on', async () => {
  const { desk, first } = setUp();
  first.fail(new ProviderError('provider_refused', 'x'.repeat(100_000)));
  const answer = await desk.placeCall(place, never);
  expect(answer).toMatchObject({ ok: false, message: 'x'.repeat(512) });
  expect(isWorkerResult('placeCall', answer)).toBe(true);
  const long = { ...answer, message: 'x'.repeat(513) };
  expect(isWorkerResult('placeCall', long)).toBe(false);
  const many = { ...answer, attempts: Array.from({ length: 17 }, () => answer.attempts[0]) };
  expect(isWorkerResult('placeCall', many)).toBe(false);
});

test('cleaning up has two minutes, because it removes one after another', async () => {
  const { desk, first, clock } = setUp();
  let signal: AbortSignal | undefined;
  first.next = (context) => {
    signal = context.signal;
    return new Promise(() => {});
  };
  const cleaned = desk.cleanUpCredentials({ isDryRun: false }, never);
  await clock.advanceAsync(119_999);
  expect(signal?.aborted).toBe(false);
  await clock.advanceAsync(1);
  expect(await cleaned).toMatchObject({ ok: false, code: 'timeout', provider: 'first' });
});
