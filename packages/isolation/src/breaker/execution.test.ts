import { getEventListeners } from 'node:events';
import { FakeClock } from '@ringfence/base/testing';
import { expect, test } from 'vitest';
import { CircuitBreaker } from './breaker.ts';
import type { BreakerOptions } from './policy.ts';

function make(options: BreakerOptions = {}) {
  const clock = new FakeClock();
  return { clock, breaker: new CircuitBreaker('turn', options, { clock }) };
}

function makeAbort() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort('cut') };
}

const never = new Promise<never>(() => {});
/** Work that ends when the signal it is given says so. */
const obedient = ({ signal }: { readonly signal: AbortSignal }): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

const withAndWithoutLimit = test.for([0, 10_000]);

withAndWithoutLimit('gives what the work gives, with a limit of %i ms', async (timeoutMs) => {
  const { breaker } = make({ timeoutMs });
  expect(await breaker.execute(() => 1)).toBe(1);
  expect(await breaker.execute(async () => 2)).toBe(2);
  await expect(breaker.execute(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  const throwing = breaker.execute(() => {
    throw new Error('at once');
  });
  await expect(throwing).rejects.toThrow('at once');
  expect(breaker.statistics()).toMatchObject({
    totalRequests: 4,
    successfulRequests: 2,
    failedRequests: 2,
    errorTypeCounts: { Error: 2 },
  });
});

test('refuses with one error', async () => {
  const { breaker } = make();
  breaker.isolate();
  const errors = await Promise.all(
    [1, 2].map(() => breaker.execute(() => 1).catch((error: unknown) => error)),
  );
  expect(errors[0]).toMatchObject({ code: 'breaker_open' });
  expect(errors[0]).toBe(errors[1]);
});

test('work that takes too long is cut off, told so, and counts as a timeout', async () => {
  const { breaker, clock } = make();
  const seen: unknown[] = [];
  const slow = breaker.execute(({ signal }) => {
    signal.addEventListener('abort', () => seen.push(signal.reason));
    return never;
  });
  clock.advance(9_999);
  expect(seen).toEqual([]);
  clock.advance(1);
  const error = await slow.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: 'operation_timeout',
    retryable: true,
    details: { breaker: 'turn', timeoutMs: 10_000 },
  });
  expect(seen).toEqual([error]);
  expect(breaker.statistics()).toMatchObject({
    timeouts: 1,
    failedRequests: 1,
    errorTypeCounts: { timeout: 1 },
  });
});

test('what comes after the limit changes nothing and troubles nobody', async () => {
  const { breaker, clock } = make();
  let resolve = (): void => {};
  let reject: (thrown: Error) => void = () => {};
  const outcomes = [
    breaker.execute(() => new Promise<void>((done) => (resolve = done))),
    breaker.execute(() => new Promise<void>((_, fail) => (reject = fail))),
  ];
  clock.advance(10_000);
  resolve();
  reject(new Error('late'));
  const settled = await Promise.allSettled(outcomes);
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await clock.advanceAsync(10_000);
  expect(breaker.statistics()).toMatchObject({ successfulRequests: 0, failedRequests: 2 });
});

test('work that reads its signal when its time is over finds it aborted', async () => {
  const { breaker, clock } = make();
  const outer = new AbortController();
  const reasons: unknown[] = [];
  let goOn = (): void => {};
  const gate = new Promise<void>((resolve) => (goOn = resolve));
  const work = async (context: { readonly signal: AbortSignal }): Promise<void> => {
    await gate;
    reasons.push(context.signal.reason);
  };
  const slow = breaker.execute(work);
  const aborted = breaker.execute(work, { signal: outer.signal });
  outer.abort('enough');
  clock.advance(10_000);
  const [timeout] = await Promise.allSettled([slow, aborted]);
  goOn();
  await clock.advanceAsync(0);
  expect(reasons).toEqual([(timeout as PromiseRejectedResult).reason, 'enough']);
});

test('each has its limit from when it began, and one may have its own', async () => {
  const { breaker, clock } = make({ failureThreshold: 100 });
  const ends: string[] = [];
  const run = (name: string, timeoutMs?: number): void => {
    const end = (): number => ends.push(`${name} ${clock.monotonic()}`);
    breaker.execute(() => never, { timeoutMs }).catch(end);
  };
  run('a');
  run('own', 700);
  run('none', 0);
  await clock.advanceAsync(4_000);
  run('b');
  breaker.execute(() => 1).catch(() => {});
  await clock.advanceAsync(60_000);
  expect(ends).toEqual(['own 700', 'a 10000', 'b 14000']);
});

test('a probe with a limit of its own has all of it', async () => {
  const { breaker, clock } = make({ probeLimit: 1, successThreshold: 1, failureThreshold: 1 });
  breaker.failed(breaker.tryEnter());
  clock.advance(30_000);
  let end = (): void => {};
  const work = (): Promise<void> => new Promise((resolve) => (end = resolve));
  const probe = breaker.execute(work, { timeoutMs: 60_000 });
  await clock.advanceAsync(59_999);
  await expect(breaker.execute(() => 1)).rejects.toMatchObject({ code: 'breaker_open' });
  end();
  await probe;
  expect(breaker.state).toBe('closed');
});

test('a limit in the middle of a line ends without touching its neighbours', async () => {
  const { breaker, clock } = make({ failureThreshold: 100 });
  const ends: number[] = [];
  const resolves: (() => void)[] = [];
  for (const index of [0, 1, 2, 3, 4]) {
    const work = (): Promise<void> => new Promise((resolve) => (resolves[index] = resolve));
    breaker.execute(work).catch(() => ends.push(index));
  }
  for (const index of [2, 0, 4]) resolves[index]!();
  await clock.advanceAsync(0);
  breaker.execute(() => never).catch(() => ends.push(5));
  await clock.advanceAsync(10_000);
  expect(ends).toEqual([1, 3, 5]);
});

test('one timer serves any number of calls, and none is left soon after the last', async () => {
  const { breaker, clock } = make();
  const other = new CircuitBreaker('other', {}, { clock });
  const calls = Array.from({ length: 1_000 }, () => [
    breaker.execute(() => 1),
    other.execute(() => 1),
  ]);
  expect(clock.pending).toBe(1);
  await Promise.all(calls.flat());
  clock.advance(1_000);
  expect(clock.pending).toBe(0);
  const late = breaker.execute(() => never);
  clock.advance(10_000);
  await expect(late).rejects.toMatchObject({ code: 'operation_timeout' });
  expect(clock.pending).toBe(0);
});

test('calls that end in another order than they began leave no timer either', async () => {
  const { breaker, clock } = make();
  const resolves: (() => void)[] = [];
  const calls = [0, 1, 2, 3, 4].map((index) =>
    breaker.execute(() => new Promise<void>((resolve) => (resolves[index] = resolve))),
  );
  for (const index of [3, 1, 4, 2, 0]) {
    resolves[index]!();
    await clock.advanceAsync(0);
  }
  await Promise.all(calls);
  clock.advance(1_000);
  expect(clock.pending).toBe(0);
});

test('a call that times out may start the next one', async () => {
  const { breaker, clock } = make();
  const second = breaker.execute(() => never).catch(() => breaker.execute(() => never));
  const isOver = expect(second).rejects.toMatchObject({ code: 'operation_timeout' });
  await clock.advanceAsync(10_000);
  expect([clock.pending, breaker.statistics().timeouts]).toEqual([1, 1]);
  await clock.advanceAsync(10_000);
  await isOver;
});

test('a limit out of range is refused and nothing is entered', async () => {
  const { breaker } = make();
  for (const timeoutMs of [-1, NaN, Infinity, 86_400_001]) {
    const call = breaker.execute(() => 1, { timeoutMs });
    await expect(call).rejects.toMatchObject({
      code: 'invalid_option',
      details: { field: 'timeoutMs' },
    });
  }
  expect(breaker.statistics().totalRequests).toBe(0);
});

withAndWithoutLimit('an abort ends the call at once, with a limit of %i ms', async (timeoutMs) => {
  const { breaker } = make({ timeoutMs });
  const controller = new AbortController();
  const { signal } = controller;
  const deaf = breaker.execute(() => never, { signal });
  const listening = breaker.execute(obedient, { signal });
  controller.abort(new Error('enough'));
  await expect(deaf).rejects.toThrow('enough');
  await expect(listening).rejects.toThrow('enough');
  expect(breaker.statistics()).toMatchObject({
    totalRequests: 2,
    successfulRequests: 0,
    failedRequests: 0,
  });
});

withAndWithoutLimit('an aborted probe makes room, with a limit of %i ms', async (timeoutMs) => {
  const { breaker, clock } = make({ timeoutMs, failureThreshold: 1, probeLimit: 1 });
  breaker.failed(breaker.tryEnter());
  clock.advance(30_000);
  const controller = new AbortController();
  const probes = [() => never, obedient].map(async (work) => {
    const probe = breaker.execute<never>(work, { signal: controller.signal });
    await expect(probe).rejects.toBe('enough');
  });
  controller.abort('enough');
  await Promise.allSettled(probes);
  expect(await breaker.execute(() => 1)).toBe(1);
});

test('an abort ends exactly those that are under way, in whatever order the others ended', async () => {
  const { breaker, clock } = make();
  const { signal, abort } = makeAbort();
  const resolves: ((value: string) => void)[] = [];
  const calls = [0, 1, 2, 3, 4, 5, 6].map((index) => {
    const work = (): Promise<string> => new Promise((resolve) => (resolves[index] = resolve));
    return breaker.execute(work, { signal });
  });
  for (const index of [0, 3, 6, 1]) {
    resolves[index]!('done');
    await clock.advanceAsync(0);
  }
  abort();
  const settled = await Promise.allSettled(calls);
  const outcomes = settled.map((each) => (each.status === 'fulfilled' ? each.value : each.reason));
  expect(outcomes).toEqual(['done', 'done', 'cut', 'done', 'cut', 'cut', 'done']);
  expect(breaker.statistics()).toMatchObject({ successfulRequests: 4, failedRequests: 0 });
});

test('work with an aborted signal is not begun', async () => {
  const { breaker } = make();
  let isBegun = false;
  const begin = (): void => {
    isBegun = true;
  };
  const call = breaker.execute(begin, { signal: AbortSignal.abort('before') });
  await expect(call).rejects.toBe('before');
  expect([isBegun, breaker.statistics().totalRequests]).toEqual([false, 0]);
});

withAndWithoutLimit(
  'work is not begun when who hears of a probe aborts it, with a limit of %i ms',
  async (timeoutMs) => {
    const { breaker, clock } = make({ failureThreshold: 1, probeLimit: 1, timeoutMs });
    breaker.failed(breaker.tryEnter());
    clock.advance(30_000);
    const { signal, abort } = makeAbort();
    breaker.on('breaker.half-opened', abort);
    let begun = 0;
    const work = (): Promise<never> => {
      begun += 1;
      return never;
    };
    await expect(breaker.execute(work, { signal })).rejects.toBe('cut');
    expect(begun).toBe(0);
    // Its place is free.
    expect(await breaker.execute(() => 1)).toBe(1);
  },
);

test('the signal of the work aborts with the signal of the caller', async () => {
  const { breaker } = make();
  const controller = new AbortController();
  let given: AbortSignal | undefined;
  const work = ({ signal }: { readonly signal: AbortSignal }): Promise<never> => {
    given = signal;
    return never;
  };
  const call = breaker.execute(work, { signal: controller.signal });
  controller.abort('enough');
  await expect(call).rejects.toBe('enough');
  expect([given?.aborted, given?.reason]).toEqual([true, 'enough']);
});

test('without a limit the work is given the signal of the caller itself', async () => {
  const { breaker } = make({ timeoutMs: 0 });
  const { signal } = new AbortController();
  expect(await breaker.execute((context) => context.signal === signal, { signal })).toBe(true);
  const own = await breaker.execute((context) => [context.signal, context.signal]);
  expect([own[0]!.aborted, own[0] === own[1]]).toEqual([false, true]);
});

test('work without a limit that takes the signal ends the call as it likes', async () => {
  const { breaker } = make({ timeoutMs: 0 });
  const controller = new AbortController();
  const partial = breaker.execute(
    ({ signal }) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve('half'))),
    { signal: controller.signal },
  );
  controller.abort('enough');
  expect(await partial).toBe('half');
});

test('calls of one signal share one listener, and of many signals at most one keeps it', async () => {
  const { breaker } = make();
  const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;
  const signals = Array.from({ length: 5 }, () => new AbortController().signal);
  const [first, second] = signals as [AbortSignal, AbortSignal];
  const calls = [1, 2, 3].map(() => breaker.execute(() => null, { signal: first }));
  const long = new AbortController();
  const waiting = breaker.execute(() => never, { signal: long.signal });
  expect([listeners(first), listeners(long.signal)]).toEqual([1, 1]);
  await Promise.all(calls);
  await breaker.execute(() => null, { signal: first });
  expect(listeners(first)).toBe(1);
  for (const signal of signals.slice(1)) await breaker.execute(() => null, { signal });
  expect(signals.map(listeners)).toEqual([0, 0, 0, 0, 1]);
  // One that is not resting keeps its listener, whatever others do.
  expect(listeners(long.signal)).toBe(1);
  const again = breaker.execute(() => never, { signal: second });
  expect(listeners(second)).toBe(1);
  long.abort('enough');
  await expect(waiting).rejects.toBe('enough');
  void again;
});

test('a call of a signal whose listener rests, or was taken off, is still cut off by it', async () => {
  const { breaker } = make();
  const [one, two] = [new AbortController(), new AbortController()];
  for (const { signal } of [one, two, one]) await breaker.execute(() => 1, { signal });
  const calls = [one, two, one].map(({ signal }) => breaker.execute(() => never, { signal }));
  one.abort('one');
  two.abort('two');
  const settled = await Promise.allSettled(calls);
  const reasons = settled.map((each) => (each as PromiseRejectedResult).reason);
  expect(reasons).toEqual(['one', 'two', 'one']);
});

test('a listener that rested and is needed again is not taken off', async () => {
  const { breaker } = make();
  const [one, two] = [new AbortController(), new AbortController()];
  await breaker.execute(() => 1, { signal: one.signal });
  const call = breaker.execute(() => never, { signal: one.signal });
  await breaker.execute(() => 1, { signal: two.signal });
  one.abort('one');
  await expect(call).rejects.toBe('one');
});

test('without a classifier what others have to act on is no failure', async () => {
  const { breaker } = make();
  for (const fault of ['caller', 'network', 'peer', 'server', 'device', 'internal', 1]) {
    const thrown = Object.assign(new Error('no'), { code: `by_${fault}`, fault });
    await expect(breaker.execute(() => Promise.reject(thrown))).rejects.toBe(thrown);
  }
  const { errorTypeCounts, successfulRequests } = breaker.statistics();
  expect([errorTypeCounts, successfulRequests]).toEqual([
    { by_network: 1, by_server: 1, by_internal: 1, by_1: 1 },
    3,
  ]);
});

test('the classifier names failures, and says what is none', async () => {
  const classify = (thrown: unknown): string | null => {
    if (thrown === 'bad argument') return null;
    if (thrown === 'broken classifier') throw new Error('no');
    if (thrown === 'no name') return undefined as unknown as string;
    return `kind ${String(thrown)}`;
  };
  for (const timeoutMs of [0, 1_000]) {
    const { breaker } = make({ classify, timeoutMs });
    for (const thrown of ['a', 'bad argument', 'broken classifier', 'no name', 'a']) {
      await expect(breaker.execute(() => Promise.reject(thrown))).rejects.toBe(thrown);
    }
    expect(breaker.statistics()).toMatchObject({
      successfulRequests: 1,
      errorTypeCounts: { 'kind a': 2, unclassified: 2 },
      currentErrorTypeFailures: { 'kind a': 1, unclassified: 2 },
    });
  }
});

test('a thenable that answers twice, or throws when it is looked at, counts once', async () => {
  for (const timeoutMs of [0, 1_000]) {
    const { breaker } = make({ timeoutMs });
    const twice: PromiseLike<number> = {
      // oxlint-disable-next-line unicorn/no-thenable
      then(resolve: ((value: number) => never) | null | undefined, reject) {
        resolve?.(1);
        reject?.('two');
        return never;
      },
    } as PromiseLike<number>;
    expect(await breaker.execute(() => twice)).toBe(1);
    // oxlint-disable-next-line unicorn/no-thenable
    const strange = Object.defineProperty({}, 'then', {
      get() {
        throw new Error('looked at');
      },
    });
    await expect(breaker.execute(() => strange)).rejects.toThrow('looked at');
    expect(breaker.statistics()).toMatchObject({ successfulRequests: 1, failedRequests: 1 });
  }
});
