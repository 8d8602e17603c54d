import { RingfenceError } from '@ringfence/base';
import { expect, test } from 'vitest';
import { codeOf, hopelessStart, mayBeDone, readFailure } from './failures.ts';
import { ProviderError } from './provider/provider-error.ts';

function supervised(code: string, cause?: unknown): RingfenceError {
  const facts = { fault: 'server', retryable: true, hint: '', cause } as const;
  return new RingfenceError(code, `unable to x; KEY_secret ${code}`, facts);
}

test('each error of the supervisor is one of ours', () => {
  const codes = {
    child_unavailable: 'not_ready',
    child_busy: 'not_ready',
    child_exited: 'worker_lost',
    child_out_of_memory: 'worker_lost',
    call_timeout: 'timeout',
    child_never_ready: 'start_failed',
    fatal_error: 'start_failed',
    not_cloneable: 'internal',
  };
  const read = Object.keys(codes).map((code) => [code, readFailure(supervised(code)).code]);
  expect(Object.fromEntries(read)).toEqual(codes);
});

test('what a worker says of its start is found below, as deep as a chain of causes goes', () => {
  const cause = new ProviderError('start_failed', 'unable to read the secret; it is not set');
  const error = supervised('fatal_error', supervised('child_start_failed', cause));
  expect(readFailure(error)).toMatchObject({ code: 'start_failed', message: cause.message });
  expect(codeOf(error)).toBe('start_failed');
  expect(codeOf(supervised('child_hung', new Error('x')))).toBe('child_hung');
  const ring = new Error('x');
  ring.cause = ring;
  expect(readFailure(ring).code).toBe('internal');
});

test('a supervisor that gave up says why it failed the last time', () => {
  const why = {
    child_start_failed: 'its worker did not start',
    child_never_ready: 'its worker did not get ready',
    child_hung: 'its worker hung, and was ended',
  };
  for (const [code, last] of Object.entries(why)) {
    const error = supervised('fatal_error', supervised(code, new Error('KEY_secret')));
    expect(readFailure(error)).toMatchObject({
      code: 'start_failed',
      message: `unable to use telephony; its worker failed too often, and the last time ${last}`,
    });
  }
  expect(readFailure(supervised('fatal_error', new Error('x'))).message).toBe(
    'unable to use telephony; its worker failed too often',
  );
});

test('a call may have been placed, whatever happened to the worker that was asked', () => {
  const codes = {
    child_unavailable: false,
    child_draining: false,
    child_busy: false,
    not_cloneable: false,
    child_stopped: true,
    child_exited: true,
    child_hung: true,
    child_unhealthy: true,
    child_nonsense: true,
    call_timeout: true,
  };
  const read = Object.keys(codes).map((code) => [code, mayBeDone(supervised(code))]);
  expect(Object.fromEntries(read)).toEqual(codes);
  expect(mayBeDone(new Error('x'))).toBe(true);
});

test('hopeless is a start that failed for one of our reasons, which no retry mends', () => {
  const cause = new ProviderError('start_failed', 'unable to read the secret; it is not set');
  expect(hopelessStart(supervised('child_start_failed', cause))).toMatchObject({
    code: 'start_failed',
    message: cause.message,
  });
  const others = [
    supervised('child_exited', cause),
    supervised('child_start_failed'),
    supervised('child_start_failed', new Error('x')),
    supervised('child_start_failed', new ProviderError('provider_unreachable', 'unable to x; y')),
  ];
  expect(others.map(hopelessStart)).toEqual(others.map(() => undefined));
});

test('messages of strangers are not repeated', () => {
  const strangers = [
    new Error('KEY_secret'),
    'KEY_secret',
    null,
    undefined,
    { name: 'KEY_secret', code: 'KEY_secret' },
    supervised('child_exited', new Error('KEY_secret')),
    supervised('toString'),
    AbortSignal.abort().reason,
  ];
  for (const thrown of strangers) {
    const failure = readFailure(thrown);
    expect(failure.message).toMatch(/^unable to use telephony; /);
    expect(JSON.stringify(failure)).not.toContain('KEY_secret');
  }
});
