/*
 * Watches what the machine offers of time and chance while a simulation runs. A package that uses
 * one of these behind the back of its `Clock` and `Random` makes a run that does not repeat.
 */

/** A use of the real clock, timers or chance. */
interface AmbientUse {
  readonly name: string;
  readonly stack: string;
}

export interface AmbientGuard {
  /** What packages used since the guard was set up. Must stay empty. */
  readonly uses: readonly AmbientUse[];
  /** Puts the globals back. */
  release(): void;
}

/** Holder, name of the function in it, and how a report calls it. */
const watched: readonly (readonly [() => object, string, string])[] = [
  [() => Date, 'now', 'Date.now'],
  [() => Math, 'random', 'Math.random'],
  [() => performance, 'now', 'performance.now'],
  [() => process, 'hrtime', 'process.hrtime'],
  [() => crypto, 'getRandomValues', 'crypto.getRandomValues'],
  [() => crypto, 'randomUUID', 'crypto.randomUUID'],
  [() => crypto.subtle, 'digest', 'crypto.subtle.digest'],
  [() => crypto.subtle, 'sign', 'crypto.subtle.sign'],
  [() => crypto.subtle, 'verify', 'crypto.subtle.verify'],
  [() => AbortSignal, 'timeout', 'AbortSignal.timeout'],
  [() => globalThis, 'setTimeout', 'setTimeout'],
  [() => globalThis, 'setInterval', 'setInterval'],
  [() => globalThis, 'setImmediate', 'setImmediate'],
  [() => globalThis, 'fetch', 'fetch'],
];

/** A file of a package of ours, the simulator itself left out. */
const ofPackage = /[\\/]packages[\\/](?!system-tests[\\/])[^\\/]+[\\/](?:src|dist)[\\/]/;

/**
 * XState stamps each delayed event with `Date.now()`, for snapshots that are stored and taken up
 * again. Nothing reads the stamp while the machine runs.
 */
const isHarmless = (name: string, stack: string): boolean =>
  name === 'Date.now' && /at (?:Object\.)?schedule \(.*[\\/]xstate[\\/]/.test(callerLine(stack));

/** The frame below the watch itself. */
function callerLine(stack: string): string {
  const frames = stack.split('\n');
  return frames[frames.findIndex((frame) => frame.includes('.watch (')) + 1] ?? '';
}

function stackHere(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 100;
  const stack = new Error('ambient').stack ?? '';
  Error.stackTraceLimit = limit;
  return stack;
}

/**
 * Sets the watch up. What a package uses is noted, and works on as before; what the simulator, the
 * test runner or Node itself uses is not noted. Libraries count as the package that called them.
 */
export function guardAmbient(): AmbientGuard {
  const uses: AmbientUse[] = [];
  const restore: (() => void)[] = [];
  const note = (name: string): void => {
    const stack = stackHere();
    if (ofPackage.test(stack) && !isHarmless(name, stack)) uses.push({ name, stack });
  };
  for (const [holderOf, key, name] of watched) {
    const holder = holderOf() as Record<string, (...args: unknown[]) => unknown>;
    const own = Object.getOwnPropertyDescriptor(holder, key);
    const original = holder[key]!;
    const watch = function (this: unknown, ...args: unknown[]): unknown {
      note(name);
      return original.apply(this, args);
    };
    // Keeps `process.hrtime.bigint` and `setTimeout.__promisify__` where they are.
    Object.setPrototypeOf(watch, original);
    Object.defineProperty(holder, key, { value: watch, configurable: true, writable: true });
    restore.push(() => {
      if (own === undefined) delete holder[key];
      else Object.defineProperty(holder, key, own);
    });
  }
  const RealDate = globalThis.Date;
  globalThis.Date = new Proxy(RealDate, {
    construct(target, args: [], newTarget) {
      if (args.length === 0) note('new Date()');
      return Reflect.construct(target, args, newTarget) as Date;
    },
  });
  restore.push(() => {
    globalThis.Date = RealDate;
  });
  return {
    uses,
    release() {
      for (const undo of restore.splice(0).reverse()) undo();
    },
  };
}
