import { FakeClock, seededRandom } from '@ringfence/base/testing';
import { expect, test } from 'vitest';
import { CircuitBreaker, refused } from './breaker.ts';
import type { BreakerCollaborators } from './breaker.ts';
import { breakerPolicy } from './policy.ts';
import type { BreakerOptions } from './policy.ts';
import type { TripStrategy } from './strategies.ts';

const eventNames = [
  'breaker.opened',
  'breaker.half-opened',
  'breaker.closed',
  'breaker.succeeded',
  'breaker.failed',
  'breaker.refused',
] as const;

function make(options: BreakerOptions = {}, collaborators: BreakerCollaborators = {}) {
  const clock = new FakeClock();
  const breaker = new CircuitBreaker('turn', options, { clock, ...collaborators });
  const events: string[] = [];
  const listen = (): void => {
    for (const name of eventNames) breaker.on(name, () => events.push(name.slice(8)));
  };
  const fail = (times: number, type?: string): void => {
    for (let time = 0; time < times; time += 1) breaker.failed(breaker.tryEnter(), type);
  };
  return { breaker, clock, events, listen, fail };
}

/** Half-open, and nothing has been let through yet. */
function makeHalfOpen(options: BreakerOptions = {}) {
  const made = make(options);
  made.fail(made.breaker.policy.failureThreshold);
  made.clock.advance(made.breaker.policy.openMs);
  return made;
}

test('by default 5 failures open it for 30 s, then 3 probes at once and 3 successes close it', () => {
  const { breaker, clock, fail, events, listen } = make();
  listen();
  fail(2, 'a');
  fail(2, 'b');
  expect(breaker.state).toBe('closed');
  fail(1, 'c');
  expect([breaker.state, breaker.isHealthy, breaker.retryAfterMs]).toEqual(['open', false, 30_000]);
  clock.advance(29_999);
  expect([breaker.tryEnter(), breaker.retryAfterMs]).toEqual([refused, 1]);
  clock.advance(1);
  expect([breaker.state, breaker.retryAfterMs]).toEqual(['half-open', 0]);
  const probes = [breaker.tryEnter(), breaker.tryEnter(), breaker.tryEnter()];
  expect(breaker.tryEnter()).toBe(refused);
  for (const probe of probes) {
    expect(breaker.state).toBe('half-open');
    breaker.succeeded(probe);
  }
  expect([breaker.state, breaker.isHealthy]).toEqual(['closed', true]);
  expect(breaker.policy.timeoutMs).toBe(10_000);
  const failed = Array.from({ length: 5 }, () => 'failed');
  const succeeded = ['succeeded', 'succeeded', 'closed', 'succeeded'];
  expect(events).toEqual([...failed, 'opened', 'refused', 'half-opened', 'refused', ...succeeded]);
  expect(breaker.statistics()).toEqual({
    name: 'turn',
    state: 'closed',
    totalRequests: 8,
    successfulRequests: 3,
    failedRequests: 5,
    refusedRequests: 2,
    circuitOpens: 1,
    circuitCloses: 1,
    timeouts: 0,
    errorTypeCounts: { a: 2, b: 2, c: 1 },
    errorTypeTriggeredOpens: { c: 1 },
    currentErrorTypeFailures: {},
  });
});

test('a success in between starts the row anew', () => {
  const { breaker, fail } = make();
  fail(4);
  breaker.succeeded(breaker.tryEnter());
  fail(4);
  expect(breaker.state).toBe('closed');
  expect(breaker.statistics().currentErrorTypeFailures).toEqual({ unknown: 4 });
});

test('a type with a threshold of its own opens it earlier', () => {
  const { breaker, fail } = make({ typeThresholds: { fatal: 1, timeout: 2 } });
  fail(1, 'timeout');
  fail(2, 'other');
  expect(breaker.state).toBe('closed');
  fail(1, 'timeout');
  expect(breaker.state).toBe('open');
  breaker.reset();
  fail(1, 'fatal');
  expect(breaker.statistics().errorTypeTriggeredOpens).toEqual({ timeout: 1, fatal: 1 });
});

test('types beyond 32 count together, but those with a threshold', () => {
  const { breaker, fail } = make({ failureThreshold: 1_000, typeThresholds: { fatal: 2 } });
  for (let type = 0; type < 40; type += 1) fail(1, `type ${type}`);
  const counts = breaker.statistics().errorTypeCounts;
  expect(Object.keys(counts)).toHaveLength(33);
  expect(counts['other']).toBe(8);
  fail(1, 'fatal');
  expect(breaker.state).toBe('closed');
  fail(1, 'fatal');
  expect(breaker.statistics().errorTypeTriggeredOpens).toEqual({ fatal: 1 });
});

test('names of types that come from outside take no room, however long they are', () => {
  const { breaker } = make({ failureThreshold: 1_000, typeThresholds: { ['t'.repeat(200)]: 2 } });
  for (let number = 0; number < 3; number += 1) {
    breaker.failed(breaker.tryEnter(), `${number}${'x'.repeat(1_000)}`);
  }
  expect(breaker.statistics().errorTypeCounts).toEqual({ other: 3 });
  for (let number = 0; number < 2; number += 1) {
    breaker.failed(breaker.tryEnter(), 't'.repeat(200));
  }
  expect(breaker.state).toBe('open');
});

test('what is no token has no effect', () => {
  const { breaker } = make({ failureThreshold: 1 });
  const none = breaker.statistics();
  for (const token of [NaN, 0, -5, 1, Infinity, 2 ** 53, undefined as unknown as number]) {
    breaker.failed(token);
    breaker.timedOut(token);
    breaker.succeeded(token);
    breaker.abandoned(token);
  }
  expect(breaker.statistics()).toEqual(none);
});

test('of 1,000 who ask at once while half-open, as many as the limit get in', () => {
  const { breaker } = makeHalfOpen({ probeLimit: 7 });
  const answers = Array.from({ length: 1_000 }, () => breaker.tryEnter());
  expect(answers.filter((answer) => answer !== refused)).toHaveLength(7);
});

test('one failed probe reopens it for the whole time', () => {
  const { breaker, clock } = makeHalfOpen();
  const [first, second] = [breaker.tryEnter(), breaker.tryEnter()];
  breaker.succeeded(first);
  clock.advance(1_000);
  breaker.failed(second, 'timeout');
  expect([breaker.state, breaker.retryAfterMs]).toEqual(['open', 30_000]);
});

test('a hung probe is reclaimed as of its time limit', () => {
  const { breaker, clock } = makeHalfOpen({ probeLimit: 1, timeoutMs: 10_000 });
  const hung = breaker.tryEnter();
  clock.advance(9_999);
  expect([breaker.tryEnter(), breaker.state]).toEqual([refused, 'half-open']);
  clock.advance(5_001);
  expect([breaker.state, breaker.retryAfterMs]).toEqual(['open', 25_000]);
  expect(breaker.tryEnter()).toBe(refused);
  clock.advance(25_000);
  expect(breaker.state).toBe('half-open');
  const next = breaker.tryEnter();
  expect(next).not.toBe(refused);
  breaker.succeeded(hung);
  expect(breaker.statistics()).toMatchObject({
    timeouts: 1,
    circuitOpens: 2,
    successfulRequests: 0,
  });
});

test('a probe that was hung while nobody asked does not keep the next one out', () => {
  const { breaker, clock } = makeHalfOpen({ probeLimit: 1 });
  breaker.tryEnter();
  clock.advance(3_600_000);
  expect(breaker.state).toBe('half-open');
  expect(breaker.tryEnter()).not.toBe(refused);
  expect(breaker.statistics()).toMatchObject({ timeouts: 1, circuitOpens: 2 });
});

test('of several hung probes the one that was over first says since when it is open', () => {
  const { breaker, clock } = makeHalfOpen();
  for (const timeoutMs of [9_000, 4_000, 8_000]) breaker.tryEnter(timeoutMs);
  clock.advance(10_000);
  expect([breaker.tryEnter(), breaker.retryAfterMs]).toEqual([refused, 24_000]);
  expect(breaker.statistics()).toMatchObject({ timeouts: 1, circuitOpens: 2 });
});

test('a probe that was told to have succeeded does not fail any more', () => {
  const { breaker } = makeHalfOpen();
  const probe = breaker.tryEnter();
  breaker.succeeded(probe);
  breaker.failed(probe);
  expect(breaker.state).toBe('half-open');
});

test('a probe may take as long as its entry says', () => {
  const { breaker, clock } = makeHalfOpen({ probeLimit: 1, successThreshold: 1 });
  const long = breaker.tryEnter(60_000);
  clock.advance(59_999);
  expect(breaker.tryEnter()).toBe(refused);
  breaker.succeeded(long);
  expect(breaker.state).toBe('closed');
});

test('a probe without a limit gives its place away in the end, and still counts', () => {
  const { breaker, clock } = makeHalfOpen({ probeLimit: 1, successThreshold: 2, timeoutMs: 0 });
  const first = breaker.tryEnter();
  clock.advance(29_999);
  expect(breaker.tryEnter()).toBe(refused);
  clock.advance(1);
  const second = breaker.tryEnter();
  expect(second).not.toBe(refused);
  breaker.succeeded(first);
  breaker.succeeded(first);
  expect(breaker.state).toBe('half-open');
  breaker.succeeded(second);
  expect(breaker.state).toBe('closed');
});

test('of probes without a limit that never end, a bounded number is remembered', () => {
  const { breaker, clock } = makeHalfOpen({ probeLimit: 1, successThreshold: 1, timeoutMs: 0 });
  const first = breaker.tryEnter();
  for (let more = 0; more < 64; more += 1) {
    clock.advance(30_000);
    breaker.tryEnter();
  }
  breaker.succeeded(first);
  expect(breaker.state).toBe('half-open');
});

test('a probe without a limit that is forgotten is never one that keeps its place', () => {
  const { breaker, clock } = makeHalfOpen({ probeLimit: 2, successThreshold: 1, timeoutMs: 0 });
  breaker.tryEnter(86_400_000);
  for (let more = 0; more < 70; more += 1) {
    expect(breaker.tryEnter()).not.toBe(refused);
    expect(breaker.tryEnter()).toBe(refused);
    clock.advance(30_000);
  }
});

test('an entry of a limit that is none gives its place away in the end', () => {
  for (const timeoutMs of [Infinity, NaN, -1]) {
    const { breaker, clock } = makeHalfOpen({ probeLimit: 1 });
    breaker.tryEnter(timeoutMs);
    expect(breaker.tryEnter()).toBe(refused);
    clock.advance(30_000);
    expect(breaker.tryEnter()).not.toBe(refused);
  }
});

test('an abandoned probe makes room and says nothing', () => {
  const { breaker } = makeHalfOpen({ probeLimit: 1 });
  breaker.abandoned(breaker.tryEnter());
  expect(breaker.tryEnter()).not.toBe(refused);
  expect(breaker.statistics()).toMatchObject({ successfulRequests: 0, failedRequests: 5 });
});

test('an answer to a call that began before the trip neither closes nor opens anything', () => {
  const { breaker, clock, fail } = make({ successThreshold: 1, typeThresholds: { late: 2 } });
  const old = Array.from({ length: 40 }, () => breaker.tryEnter());
  fail(5);
  for (let time = 0; time < 10; time += 1) breaker.succeeded(old.pop()!);
  expect(breaker.state).toBe('open');
  clock.advance(30_000);
  const probe = breaker.tryEnter();
  for (let time = 0; time < 10; time += 1) breaker.failed(old.pop()!, 'late');
  for (let time = 0; time < 10; time += 1) breaker.succeeded(old.pop()!);
  expect(breaker.state).toBe('half-open');
  breaker.succeeded(probe);
  expect(breaker.state).toBe('closed');
  for (let time = 0; time < 10; time += 1) breaker.timedOut(old.pop()!);
  fail(1, 'late');
  expect(breaker.state).toBe('closed');
  expect(breaker.statistics()).toMatchObject({
    successfulRequests: 21,
    failedRequests: 26,
    timeouts: 10,
    currentErrorTypeFailures: { late: 1 },
  });
});

test('an outcome that is told twice counts once', () => {
  const { breaker } = make({ failureThreshold: 2 });
  const entry = breaker.tryEnter();
  breaker.failed(entry);
  breaker.failed(entry);
  breaker.timedOut(entry);
  breaker.succeeded(entry);
  expect(breaker.statistics()).toMatchObject({
    failedRequests: 1,
    timeouts: 0,
    successfulRequests: 0,
    currentErrorTypeFailures: { unknown: 1 },
  });
  const half = makeHalfOpen({ successThreshold: 2 }).breaker;
  const probe = half.tryEnter();
  half.succeeded(probe);
  half.succeeded(probe);
  expect(half.state).toBe('half-open');
});

test('a refusal is no entry: what is told of it has no effect', () => {
  const { breaker } = make();
  breaker.isolate();
  const entry = breaker.tryEnter();
  breaker.succeeded(entry);
  breaker.failed(entry);
  breaker.abandoned(entry);
  expect(breaker.statistics()).toMatchObject({ successfulRequests: 0, failedRequests: 0 });
});

test('after closing it lets a growing share through', () => {
  const random = seededRandom(7);
  const clock = new FakeClock();
  const options = { rampMs: 10_000, successThreshold: 1, timeoutMs: 0 };
  const breaker = new CircuitBreaker('turn', options, { clock, random });
  const share = (): number => {
    let entered = 0;
    for (let ask = 0; ask < 1_000; ask += 1) if (breaker.tryEnter() !== refused) entered += 1;
    return entered / 1_000;
  };
  for (let time = 0; time < 5; time += 1) breaker.failed(breaker.tryEnter());
  clock.advance(30_000);
  breaker.succeeded(breaker.tryEnter());
  expect([breaker.state, breaker.isHealthy, share()]).toEqual(['closed', true, 0]);
  clock.advance(2_500);
  expect(share()).toBeCloseTo(0.25, 1);
  clock.advance(5_000);
  expect(share()).toBeCloseTo(0.75, 1);
  clock.advance(2_500);
  expect(share()).toBe(1);
});

test('a reset ends what a ramp holds back', () => {
  const { breaker, clock, fail } = make({ rampMs: 1_000, successThreshold: 1 });
  fail(5);
  clock.advance(30_000);
  breaker.succeeded(breaker.tryEnter());
  expect(breaker.tryEnter()).toBe(refused);
  breaker.reset();
  expect(breaker.tryEnter()).not.toBe(refused);
  expect(breaker.statistics().circuitCloses).toBe(1);
});

test('isolate() keeps it open until reset()', () => {
  const { breaker, clock, events, listen } = make();
  listen();
  const entry = breaker.tryEnter();
  breaker.isolate();
  breaker.isolate();
  clock.advance(86_400_000);
  expect([breaker.state, breaker.tryEnter(), breaker.retryAfterMs]).toEqual([
    'isolated',
    refused,
    Infinity,
  ]);
  expect(breaker.refusal().retryAfterMs).toBe(Infinity);
  breaker.reset();
  breaker.failed(entry);
  breaker.reset();
  expect(breaker.state).toBe('closed');
  expect(events).toEqual(['opened', 'refused', 'closed', 'failed']);
  expect(breaker.statistics()).toMatchObject({ circuitOpens: 1, circuitCloses: 1 });
});

test('what a listener throws or rejects with is told and breaks nobody', async () => {
  const told: unknown[] = [];
  const onListenerError = (thrown: unknown, event: string): void => {
    told.push([event, (thrown as Error).message]);
    throw new Error('the one who hears of it throws too');
  };
  const { breaker } = make({ failureThreshold: 1 }, { onListenerError });
  const heard: string[] = [];
  breaker.on('breaker.failed', () => {
    throw new Error('thrown');
  });
  breaker.on('breaker.failed', async () => {
    throw new Error('rejected');
  });
  breaker.on('breaker.failed', ({ errorType }) => heard.push(errorType));
  breaker.failed(breaker.tryEnter(), 'timeout');
  await Promise.resolve();
  expect(heard).toEqual(['timeout']);
  expect(told).toEqual([
    ['breaker.failed', 'thrown'],
    ['breaker.failed', 'rejected'],
  ]);
});

test('without somebody who hears of it, what a listener throws is dropped', () => {
  const { breaker, fail } = make();
  breaker.on('breaker.failed', () => {
    throw new Error('thrown');
  });
  fail(5);
  expect(breaker.state).toBe('open');
});

test('a listener hears nothing once it is off, not even of the event that goes round', () => {
  const { breaker, fail } = make();
  const heard: string[] = [];
  breaker.on('breaker.failed', () => off());
  const off = breaker.on('breaker.failed', () => heard.push('after its end'));
  fail(1);
  off();
  expect(heard).toEqual([]);
});

test('a listener may change the breaker it hears of', () => {
  const { breaker, clock, fail } = make();
  breaker.on('breaker.half-opened', () => breaker.reset());
  fail(5);
  clock.advance(30_000);
  expect([breaker.tryEnter() === refused, breaker.state]).toEqual([false, 'closed']);
  breaker.on('breaker.failed', () => breaker.isolate());
  fail(1);
  expect(breaker.state).toBe('isolated');
  expect(breaker.statistics().errorTypeTriggeredOpens).toEqual({ unknown: 1 });
});

test('the refusals of one state are one error, without a stack', () => {
  const { breaker, clock, fail } = make({ probeLimit: 1 });
  const stackTraceLimit = 10;
  Error.stackTraceLimit = stackTraceLimit;
  fail(5);
  const error = breaker.refusal();
  expect(error).toMatchObject({ code: 'breaker_open', retryable: true, breaker: 'turn' });
  expect(error.stack?.includes('\n')).toBe(false);
  expect(Error.stackTraceLimit).toBe(stackTraceLimit);
  expect(breaker.refusal()).toBe(error);
  clock.advance(10_000);
  expect(error.retryAfterMs).toBe(20_000);
  clock.advance(20_000);
  breaker.tryEnter();
  expect(breaker.refusal()).not.toBe(error);
});

test('no timer waits for a breaker, and the wall clock does not matter', () => {
  const { breaker, clock, fail } = make();
  fail(5);
  expect(clock.pending).toBe(0);
  clock.stepWallClock(3_600_000);
  expect([breaker.state, breaker.retryAfterMs]).toEqual(['open', 30_000]);
  clock.stepWallClock(-7_200_000);
  expect([breaker.state, breaker.retryAfterMs]).toEqual(['open', 30_000]);
});

test('a strategy decides in place of the row, and starts anew with each state', () => {
  const heard: string[] = [];
  const strategy = (): TripStrategy => ({
    succeeded: (nowMs) => heard.push(`succeeded ${nowMs}`),
    failed: (nowMs) => heard.push(`failed ${nowMs}`) > 2,
    reset: () => heard.push('reset'),
  });
  const { breaker, clock, fail } = make({ strategy, failureThreshold: 1, successThreshold: 1 });
  fail(1);
  clock.advance(5);
  breaker.succeeded(breaker.tryEnter());
  expect(breaker.state).toBe('closed');
  fail(1);
  expect(breaker.state).toBe('open');
  clock.advance(30_000);
  breaker.succeeded(breaker.tryEnter());
  expect(breaker.state).toBe('closed');
  expect(heard).toEqual(['failed 0', 'succeeded 5', 'failed 5', 'reset', 'reset']);
});

test('a strategy that throws opens nothing and breaks nobody', async () => {
  const told: string[] = [];
  const fail = (): never => {
    throw new Error('broken');
  };
  const { breaker } = make(
    {
      strategy: () => ({ succeeded: fail, failed: fail, reset: fail }),
      typeThresholds: { Error: 2 },
    },
    { onListenerError: (_, event) => told.push(event) },
  );
  expect(await breaker.execute(() => 1)).toBe(1);
  await expect(breaker.execute(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(breaker.state).toBe('closed');
  await expect(breaker.execute(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(breaker.state).toBe('open');
  breaker.reset();
  expect(told).toEqual(['strategy', 'strategy', 'strategy', 'strategy']);
});

test('many breakers may share one policy', () => {
  const policy = breakerPolicy({ failureThreshold: 1 });
  const one = new CircuitBreaker('one', policy);
  const two = new CircuitBreaker('two', policy);
  one.failed(one.tryEnter());
  expect([one.state, two.state]).toEqual(['open', 'closed']);
  expect(one.policy).toBe(two.policy);
});
