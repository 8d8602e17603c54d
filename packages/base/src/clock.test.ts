import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { delay, systemClock, unrefTimer } from './clock.ts';
import { FakeClock } from './testing/index.ts';

describe('delay', () => {
  test('resolves after its time', async () => {
    const clock = new FakeClock();
    let done = false;
    void delay(clock, 100).then(() => (done = true));
    await clock.advanceAsync(99);
    expect(done).toBe(false);
    await clock.advanceAsync(1);
    expect(done).toBe(true);
  });

  test('rejects at once when its signal aborts, and leaves no timer and no listener', async () => {
    const clock = new FakeClock();
    const abort = new AbortController();
    const remove = vi.spyOn(abort.signal, 'removeEventListener');
    const waiting = delay(clock, 100, { signal: abort.signal });
    abort.abort('enough');
    await expect(waiting).rejects.toBe('enough');
    expect(clock.pending).toBe(0);

    const done = delay(clock, 100, { signal: new AbortController().signal });
    clock.advance(100);
    await done;
    expect(remove).not.toHaveBeenCalled();
  });

  test('takes its listener off when it is done', async () => {
    const clock = new FakeClock();
    const { signal } = new AbortController();
    const remove = vi.spyOn(signal, 'removeEventListener');
    const waiting = delay(clock, 100, { signal });
    clock.advance(100);
    await waiting;
    expect(remove).toHaveBeenCalledOnce();
  });

  test('rejects when its signal had aborted before, and makes no timer', async () => {
    const clock = new FakeClock();
    await expect(delay(clock, 100, { signal: AbortSignal.abort('before') })).rejects.toBe('before');
    expect(clock.pending).toBe(0);
  });

  test('without a reason, rejects with an AbortError', async () => {
    const waiting = delay(new FakeClock(), 1, { signal: AbortSignal.abort() });
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('systemClock', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
  afterEach(() => void vi.useRealTimers());

  test('reads the time of the host', () => {
    expect(systemClock.now()).toBe(1_700_000_000_000);
    const before = systemClock.monotonic();
    vi.advanceTimersByTime(250);
    expect([systemClock.now() - 1_700_000_000_000, systemClock.monotonic() - before]).toEqual([
      250, 250,
    ]);
  });

  test('fires once, and forgets a timer that is cleared', () => {
    let fired = 0;
    systemClock.setTimeout(() => (fired += 1), 100);
    systemClock.clearTimeout(systemClock.setTimeout(() => (fired += 10), 100));
    vi.advanceTimersByTime(1_000);
    expect(fired).toBe(1);
  });

  test('a delay beyond what the host can wait holds, and can be cleared', () => {
    const day = 86_400_000;
    const fired: string[] = [];
    systemClock.setTimeout(() => fired.push('60 days'), 60 * day);
    const cleared = systemClock.setTimeout(() => fired.push('cleared'), 60 * day);
    vi.advanceTimersByTime(30 * day);
    systemClock.clearTimeout(cleared);
    vi.advanceTimersByTime(30 * day - 1);
    expect(fired).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(fired).toEqual(['60 days']);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('unrefTimer', () => {
  test('lets a process end although a timer of the system waits, and leaves the timer be', () => {
    const waiting = (): number =>
      process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = waiting();
    const handles = [1, 2].map(() => systemClock.setTimeout(() => {}, 3_600_000));
    expect(waiting()).toBe(before + 2);
    unrefTimer(handles[0]);
    expect(waiting()).toBe(before + 1);
    for (const handle of handles) systemClock.clearTimeout(handle);
    expect(waiting()).toBe(before);
  });

  test('takes what has no such thing, and what a clock of another kind gives', () => {
    let unrefs = 0;
    for (const handle of [undefined, null, 7, 'timer', {}, { unref: () => (unrefs += 1) }]) {
      unrefTimer(handle);
    }
    expect(unrefs).toBe(1);
    const clock = new FakeClock();
    unrefTimer(clock.setTimeout(() => {}, 1));
    expect(clock.pending).toBe(1);
  });
});
