/* What `fault -- breaker` does to a breaker. Each gives what was found, and whether it is right. */
import { CircuitBreaker, refused } from '@ringfence/isolation';
import type { BreakerOptions } from '@ringfence/isolation';
import { FakeClock } from '@ringfence/base/testing';
import Opossum from 'opossum';
import { median, rounded } from '../benchmarks/statistics.ts';

/** From a call until its refusal is known; each one of every round that nothing else held up. */
const REFUSAL_BOUND_MS = 5;
/** How much later than its limit a hung call may be cut off on a busy machine. */
const LATE_BOUND_MS = 100;
const HOUR_MS = 3_600_000;

export interface Finding {
  readonly ok: boolean;
  /** For people. */
  readonly line: string;
  readonly figures: Readonly<Record<string, unknown>>;
}

const never = new Promise<never>(() => {});
const down = (): Promise<never> => Promise.reject(new Error('down'));

/** Open, on a clock that stands still; half-open after `openMs` of it. */
function openBreaker(options: BreakerOptions = {}) {
  const clock = new FakeClock();
  const breaker = new CircuitBreaker('fault', options, { clock });
  for (let time = 0; time < breaker.policy.failureThreshold; time += 1) {
    breaker.failed(breaker.tryEnter());
  }
  return { breaker, clock };
}

/** How often the system took the processor from this process. Always 0 on Windows. */
function timesHeldUp(): number {
  return process.resourceUsage().involuntaryContextSwitches;
}

/** 1,000 ask at the same moment, again and again. */
export async function halfOpenCrowd(rounds: number): Promise<Finding> {
  const callers = 1_000;
  const through: number[] = [];
  const wrong = new Set<unknown>();
  const slowest: number[] = [];
  const slowestHeldUp: number[] = [];
  // The first ones only compile the code.
  for (let round = -10; round < rounds; round += 1) {
    const { breaker, clock } = openBreaker();
    clock.advance(breaker.policy.openMs);
    let entered = 0;
    const hang = (): Promise<never> => {
      entered += 1;
      return never;
    };
    const refusals: Promise<number>[] = [];
    const heldUpBefore = timesHeldUp();
    for (let caller = 0; caller < callers; caller += 1) {
      const before = entered;
      const startMs = performance.now();
      const refusal = breaker.execute(hang).catch((error: unknown) => {
        const { code } = error as { readonly code?: unknown };
        if (code !== 'breaker_open') wrong.add(code);
        return performance.now() - startMs;
      });
      if (entered === before) refusals.push(refusal);
    }
    const tookMs = await Promise.all(refusals);
    const isHeldUp = timesHeldUp() > heldUpBefore;
    through.push(callers - tookMs.length);
    if (entered !== callers - tookMs.length) through.push(entered);
    if (round >= 0) (isHeldUp ? slowestHeldUp : slowest).push(Math.max(...tookMs));
  }
  const limit = new CircuitBreaker('fault').policy.probeLimit;
  const isExact = through.every((count) => count === limit) && wrong.size === 0;
  const refusedMaxMs = Math.max(0, ...slowest);
  // Rounds on a machine that is busy say little; without any other nothing was measured.
  const isMeasured = slowest.length >= rounds / 10;
  return {
    ok: isExact && isMeasured && refusedMaxMs < REFUSAL_BOUND_MS,
    line:
      `half-open with ${callers} callers, ${rounds} times: ${Math.min(...through)} to ` +
      `${Math.max(...through)} through of a limit of ${limit}; the slowest refusal of all after ` +
      `${refusedMaxMs.toFixed(1)} ms, bound ${REFUSAL_BOUND_MS} ` +
      `(in ${slowestHeldUp.length} more rounds something else ran meanwhile: ` +
      `${Math.max(0, ...slowestHeldUp).toFixed(1)})`,
    figures: {
      callers,
      rounds,
      through: Math.max(...through),
      probeLimit: limit,
      refusedMs: rounded(slowest.length > 0 ? median(slowest) : 0, 2),
      refusedMaxMs: rounded(refusedMaxMs, 2),
      refusedBoundMs: REFUSAL_BOUND_MS,
      roundsHeldUp: slowestHeldUp.length,
      refusedMaxHeldUpMs: rounded(Math.max(0, ...slowestHeldUp), 2),
    },
  };
}

/** A probe that never answers: by who asks next, to the millisecond, and by its own limit in real time. */
export async function hungProbe(): Promise<Finding> {
  const { breaker, clock } = openBreaker({ probeLimit: 1 });
  const { openMs, timeoutMs } = breaker.policy;
  clock.advance(openMs);
  breaker.tryEnter();
  clock.advance(timeoutMs - 1);
  const isKept = breaker.tryEnter() === refused && breaker.state === 'half-open';
  clock.advance(1);
  const isReclaimed = breaker.state === 'open' && breaker.retryAfterMs === openMs;
  clock.advance(openMs);
  const isBack = breaker.tryEnter() !== refused && breaker.statistics().timeouts === 1;

  const limitMs = 200;
  const real = new CircuitBreaker('fault', { failureThreshold: 1, openMs: 1, timeoutMs: limitMs });
  real.failed(real.tryEnter());
  await new Promise((resolve) => setTimeout(resolve, 5));
  const startMs = performance.now();
  const code: unknown = await real.execute(() => never).catch((error) => error.code);
  const lateMs = performance.now() - startMs - limitMs;
  const isCutOff = code === 'operation_timeout' && lateMs >= -1 && lateMs <= LATE_BOUND_MS;
  return {
    ok: isKept && isReclaimed && isBack && isCutOff && real.statistics().circuitOpens === 2,
    line:
      `a hung probe keeps its place for ${timeoutMs} ms, not one more; with a limit of ` +
      `${limitMs} ms of real time it was cut off ${lateMs.toFixed(1)} ms after it`,
    figures: { hungReclaimed: isKept && isReclaimed && isBack, cutOffLateMs: rounded(lateMs, 1) },
  };
}

/** The wall clock of a breaker steps; then that of the whole process, for a breaker with real time. */
export async function steppedClock(): Promise<Finding> {
  const found: boolean[] = [];
  for (const byMs of [HOUR_MS, -HOUR_MS]) {
    const { breaker, clock } = openBreaker();
    clock.advance(10_000);
    clock.stepWallClock(byMs);
    found.push(breaker.state === 'open' && breaker.retryAfterMs === 20_000);
    clock.advance(20_000);
    found.push(breaker.state === 'half-open' && breaker.tryEnter() !== refused);

    const { now } = Date;
    try {
      const real = new CircuitBreaker('fault', { failureThreshold: 1, openMs: 50, timeoutMs: 50 });
      real.failed(real.tryEnter());
      Date.now = () => now() + byMs;
      found.push(real.tryEnter() === refused && real.retryAfterMs <= 50);
      await new Promise((resolve) => setTimeout(resolve, 60));
      const hung: unknown = await real.execute(() => never).catch((error) => error.code);
      found.push(hung === 'operation_timeout');
    } finally {
      Date.now = now;
    }
  }
  const right = found.filter(Boolean).length;
  return {
    ok: right === found.length,
    line: `the wall clock stepped by an hour either way: ${right} of ${found.length} as without`,
    figures: { steppedRight: right, steppedOf: found.length },
  };
}

/** Answers to calls that began before the trip, in each state after it. opossum closes on one. */
export async function lateAnswers(): Promise<Finding> {
  const answers = 1_000;
  const wrong: string[] = [];
  for (const kind of ['resolve', 'reject'] as const) {
    const { breaker, clock } = openBreaker({ failureThreshold: 2, successThreshold: 1 });
    breaker.reset();
    const answer: (() => void)[] = [];
    const outcomes = Array.from({ length: answers }, () =>
      breaker.execute(
        () =>
          new Promise<void>((resolve, reject) => {
            answer.push(kind === 'resolve' ? resolve : () => reject(new Error('late')));
          }),
        { timeoutMs: 0 },
      ),
    );
    const settled = Promise.allSettled(outcomes);
    const tell = async (count: number): Promise<void> => {
      for (const each of answer.splice(0, count)) each();
      await clock.advanceAsync(0);
    };
    const expectState = (state: string): void => {
      if (breaker.state !== state) wrong.push(`${kind}: ${breaker.state} in place of ${state}`);
    };
    for (let time = 0; time < 2; time += 1) await breaker.execute(down).catch(() => {});
    await tell(answers / 4);
    expectState('open');
    clock.advance(breaker.policy.openMs);
    const probe = breaker.tryEnter();
    await tell(answers / 4);
    expectState('half-open');
    breaker.succeeded(probe);
    breaker.failed(breaker.tryEnter());
    await tell(answers / 4);
    expectState('closed');
    breaker.failed(breaker.tryEnter());
    expectState('open');
    breaker.isolate();
    await tell(answers / 4);
    expectState('isolated');
    await settled;
  }
  const peer = await opossumAfterLateAnswer();
  return {
    ok: wrong.length === 0,
    line:
      `${2 * answers} answers to calls from before the trip: ` +
      `${wrong.length === 0 ? 'no state changed' : wrong.join(', ')} (opossum, half-open: ${peer} after one)`,
    figures: { lateAnswers: 2 * answers, lateWrong: wrong, opossumAfterOne: peer },
  };
}

async function opossumAfterLateAnswer(): Promise<string> {
  let answer = (): void => {};
  const peer = new Opossum(
    (isSlow: boolean) => (isSlow ? new Promise<void>((resolve) => (answer = resolve)) : down()),
    { resetTimeout: 10, timeout: false },
  );
  const halfOpen = new Promise<void>((resolve) => peer.once('halfOpen', () => resolve()));
  const slow = peer.fire(true);
  for (let time = 0; time < 5; time += 1) await peer.fire(false).catch(() => {});
  // Its own timer lets the process end.
  const awake = setInterval(() => {}, 10);
  await halfOpen;
  clearInterval(awake);
  answer();
  await slow;
  const state = peer.closed ? 'closed' : 'half-open';
  peer.shutdown();
  return state;
}
