import type { Child, ChildExit } from '../supervisor/child.ts';
import { childError } from '../supervisor/child-errors.ts';
import { expectEqual, expectRejection } from './expect.ts';

/**
 * One thing every adapter of a port must do. Runs under any test runner; it rejects when the
 * adapter does not.
 */
export interface ConformanceCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** Makers of children, by how they behave. Each makes a fresh one. */
export interface ChildMakers {
  /** Gets ready, is well, ends when it is asked to. */
  well(): Child;
  neverReady(): Child;
  failsToStart(): Child;
  /** Gets ready, and dies by itself soon after. */
  crashes(): Child;
  /** Gets ready, and does not end when it is asked to. Give it a short time to. */
  refusesToStop(): Child;
  /** Gets ready, and answers no ping. Left out: it is said by the child's nature not to happen. */
  hangs?(): Child;
  /** Gets ready, and ends by itself soon after, with nothing wrong. Left out: it never does. */
  ends?(): Child;
}

/** How `child` ends, once it has. */
function exitOf(child: Child): Promise<ChildExit> {
  return new Promise((resolve) => child.onExit(resolve));
}

/**
 * The cases every {@link Child} passes.
 *
 * @example
 * for (const { name, run } of childConformance(makers)) it(name, run);
 */
export function childConformance(makers: ChildMakers): readonly ConformanceCase[] {
  const cases: ConformanceCase[] = [];
  const add = (
    name: string,
    make: (() => Child) | undefined,
    check: (child: Child) => Promise<void>,
  ): void => {
    if (make === undefined) return;
    const run = async (): Promise<void> => {
      const child = make.call(makers);
      try {
        await check(child);
      } finally {
        await child.stop({ isForced: true });
      }
    };
    cases.push({ name, run });
  };

  add('gets ready, answers pings, and ends when it is told to', makers.well, async (child) => {
    const exit = exitOf(child);
    await child.start();
    await child.ping();
    await child.ping({ signal: new AbortController().signal });
    await child.stop();
    expectEqual(await exit, { reason: 'stopped' });
  });

  add('is gone when stop resolves, and calls of it join', makers.well, async (child) => {
    await child.start();
    let exits = 0;
    child.onExit(() => (exits += 1));
    await Promise.all([child.stop(), child.stop(), child.stop({ isForced: true })]);
    expectEqual(exits, 1);
    await child.stop();
    expectEqual(exits, 1);
  });

  add('tells a listener that comes after the end as well', makers.well, async (child) => {
    await child.start();
    await child.stop();
    expectEqual(await exitOf(child), { reason: 'stopped' });
  });

  add('a listener that throws or is off harms no other', makers.well, async (child) => {
    const heard: string[] = [];
    child.onExit(() => {
      throw new Error('broken on purpose');
    });
    const off = child.onExit(() => heard.push('off'));
    child.onExit(() => heard.push('on'));
    off();
    off();
    await child.start();
    await child.stop();
    expectEqual(heard, ['on']);
  });

  add('stopped before its start it is gone', makers.well, async (child) => {
    const exit = exitOf(child);
    await child.stop();
    expectEqual(await exit, { reason: 'stopped' });
  });

  add('answers no ping before its start and after its end', makers.well, async (child) => {
    await expectRejection(child.ping());
    await child.start();
    await child.stop();
    await expectRejection(child.ping());
  });

  add('a start and a ping are refused to a signal that aborted', makers.well, async (child) => {
    const reason = new Error('given up');
    const signal = AbortSignal.abort(reason);
    await child.start();
    expectEqual(await expectRejection(child.ping({ signal })), reason);
    await child.stop();
    const other = makers.well();
    expectEqual(await expectRejection(other.start({ signal })), reason);
    await other.stop();
  });

  add('a start that is given up ends it', makers.neverReady, async (child) => {
    const abort = new AbortController();
    const exit = exitOf(child);
    const start = child.start({ signal: abort.signal });
    const reason = new Error('given up');
    abort.abort(reason);
    expectEqual(await expectRejection(start), reason);
    expectEqual(await exit, { reason: 'stopped' });
  });

  add('is stopped while it starts', makers.neverReady, async (child) => {
    const start = expectRejection(child.start());
    await child.stop({ isForced: true });
    await start;
    expectEqual(await exitOf(child), { reason: 'stopped' });
  });

  add('a start that is ended for a reason rejects with it', makers.neverReady, async (child) => {
    const exit = exitOf(child);
    const start = expectRejection(child.start());
    const error = childError('child_never_ready', 'unable to start it; it was not ready in time');
    await child.stop({ isForced: true, error });
    expectEqual(await start, error);
    expectEqual(await exit, { reason: 'stopped' });
  });

  add('a failed start rejects, and is how it ended', makers.failsToStart, async (child) => {
    const exit = exitOf(child);
    await expectRejection(child.start());
    expectEqual((await exit).reason, 'failed');
  });

  add('tells that it died, and answers no ping after', makers.crashes, async (child) => {
    // It may be dead before the one who waits for the start has a turn.
    await child.start().catch(() => {});
    const exit = await exitOf(child);
    if (exit.reason !== 'failed') throw new Error(`expected a failure, got ${exit.reason}`);
    expectEqual(typeof exit.error.code, 'string');
    await expectRejection(child.ping());
    await child.stop();
  });

  add('ends by force when it does not otherwise', makers.refusesToStop, async (child) => {
    await child.start();
    await child.stop();
    expectEqual(await exitOf(child), { reason: 'stopped' });
  });

  add('a ping that is not answered ends with its signal', makers.hangs, async (child) => {
    await child.start();
    const abort = new AbortController();
    const ping = child.ping({ signal: abort.signal });
    const reason = new Error('given up');
    abort.abort(reason);
    expectEqual(await expectRejection(ping), reason);
    await child.stop({ isForced: true });
    expectEqual(await exitOf(child), { reason: 'stopped' });
  });

  add(
    'a ping that waits when it is ended for a reason rejects with it',
    makers.hangs,
    async (child) => {
      await child.start();
      const ping = expectRejection(child.ping());
      const error = childError('child_hung', 'unable to hear it; no answer to a ping');
      await child.stop({ isForced: true, error });
      expectEqual(await ping, error);
      expectEqual(await exitOf(child), { reason: 'stopped' });
    },
  );

  add('tells that it ended by itself, with nothing wrong', makers.ends, async (child) => {
    await child.start();
    expectEqual(await exitOf(child), { reason: 'ended' });
  });

  return cases;
}
