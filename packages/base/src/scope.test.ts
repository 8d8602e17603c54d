import { describe, expect, test } from 'vitest';
import { Scope } from './scope.ts';
import { settle } from './testing/index.ts';

/** A promise and the function that settles it. */
function gate(): { promise: Promise<void>; open: () => void } {
  let open!: () => void;
  const promise = new Promise<void>((resolve) => (open = resolve));
  return { promise, open };
}

test('ends what it owns, the last one first, each after the one before has ended', async () => {
  const ended: string[] = [];
  const slow = gate();
  const scope = new Scope('call');
  scope.own(() => ended.push('first'));
  scope.own(async () => {
    await slow.promise;
    ended.push('second');
  });
  scope.own({ [Symbol.dispose]: () => void ended.push('third') });
  scope.own({
    [Symbol.asyncDispose]: async () => {
      await Promise.resolve();
      ended.push('fourth');
    },
  });
  expect(scope.size).toBe(4);
  const closing = scope.close();
  await settle();
  expect(ended).toEqual(['fourth', 'third']);
  slow.open();
  await closing;
  expect(ended).toEqual(['fourth', 'third', 'second', 'first']);
  expect([scope.size, scope.closed]).toEqual([0, true]);
});

test('own returns what it took, and takes it once', async () => {
  let count = 0;
  const scope = new Scope('call');
  const resource = (): void => void (count += 1);
  expect(scope.own(resource)).toBe(resource);
  scope.own(resource);
  expect(scope.size).toBe(1);
  await scope.close();
  expect(count).toBe(1);
});

test('close joins a close under way', async () => {
  let count = 0;
  const slow = gate();
  const scope = new Scope('call');
  scope.own(async () => {
    count += 1;
    await slow.promise;
  });
  const first = scope.close();
  const second = scope.close();
  expect(second).toBe(first);
  slow.open();
  await second;
  expect(scope.close()).toBe(first);
  expect(count).toBe(1);
});

test('the last resource ends before close returns, so timers are off at once', () => {
  let isOff = false;
  const scope = new Scope('call');
  scope.own(() => (isOff = true));
  void scope.close();
  expect(isOff).toBe(true);
});

test('await using closes it', async () => {
  let ended = false;
  {
    await using scope = new Scope('call');
    scope.own(() => (ended = true));
  }
  expect(ended).toBe(true);
});

describe('a resource that fails to end', () => {
  test('does not keep the others from ending, and is told', async () => {
    const errors: string[] = [];
    const ended: string[] = [];
    const scope = new Scope('call', { onError: ({ message }) => errors.push(message) });
    scope.own(() => ended.push('first'));
    scope.own(() => Promise.reject(new Error('rejects')));
    scope.own(() => {
      throw new Error('throws');
    });
    scope.own(() => {
      throw 'no error';
    });
    await scope.close();
    expect(ended).toEqual(['first']);
    expect(errors).toEqual([
      'unable to go on; a value that is no error was thrown',
      'throws',
      'rejects',
    ]);
  });

  test('is dropped when nobody listens, and a listener that throws breaks nothing', async () => {
    const fail = (): never => {
      throw new Error('fails');
    };
    const quiet = new Scope('quiet');
    quiet.own(fail);
    await expect(quiet.close()).resolves.toBeUndefined();

    let ended = false;
    const broken = new Scope('broken', { onError: fail });
    broken.own(() => (ended = true));
    broken.own(fail);
    await expect(broken.close()).resolves.toBeUndefined();
    expect(ended).toBe(true);
  });
});

describe('a race between made and owned', () => {
  test('what a closed scope is given ends at once', async () => {
    let count = 0;
    const scope = new Scope('call');
    await scope.close();
    const late = scope.own(() => (count += 1));
    expect([count, scope.size]).toEqual([1, 0]);
    scope.own(late);
    expect(count).toBe(1);
  });

  test('what is given while it closes ends once, and close waits for it', async () => {
    const ended: string[] = [];
    const slow = gate();
    const late = gate();
    const scope = new Scope('call');
    const waiting = (): void => void ended.push('waiting');
    scope.own(waiting);
    scope.own(() => slow.promise);
    let isClosed = false;
    const closing = scope.close().then(() => (isClosed = true));
    scope.own(waiting);
    scope.own(async () => {
      await late.promise;
      ended.push('late');
    });
    expect(ended).toEqual([]);
    slow.open();
    await settle();
    expect([ended, isClosed]).toEqual([['waiting'], false]);
    late.open();
    await closing;
    expect(ended).toEqual(['waiting', 'late']);
  });

  test('close waits for an end that was begun before it', async () => {
    const slow = gate();
    const scope = new Scope('call');
    let count = 0;
    const resource = scope.own(async () => {
      count += 1;
      await slow.promise;
    });
    void scope.end(resource);
    let isClosed = false;
    const closing = scope.close().then(() => (isClosed = true));
    await settle();
    expect([count, isClosed]).toEqual([1, false]);
    slow.open();
    await closing;
    expect([count, isClosed]).toEqual([1, true]);
  });

  test('what another end lets go of, or ends, is not ended again', async () => {
    const ended: string[] = [];
    const scope = new Scope('call');
    const kept = scope.own(() => ended.push('kept'));
    const inner = scope.own(() => ended.push('inner'));
    scope.own(() => {
      scope.disown(kept);
      return scope.end(inner);
    });
    await scope.close();
    expect(ended).toEqual(['inner']);
  });
});

test('disown lets go without ending', async () => {
  let count = 0;
  const scope = new Scope('call');
  const resource = scope.own(() => (count += 1));
  expect([scope.disown(resource), scope.disown(resource), scope.size]).toEqual([true, false, 0]);
  await scope.close();
  expect(count).toBe(0);
});

test('end ends one resource, once', async () => {
  let count = 0;
  const scope = new Scope('call');
  const resource = scope.own(() => (count += 1));
  await scope.end(resource);
  await scope.end(resource);
  await scope.close();
  expect(count).toBe(1);
});

test('finish ends what is not owned; what that throws goes where the errors go, and nowhere else', async () => {
  const errors: string[] = [];
  const scope = new Scope('call', { onError: ({ message }) => errors.push(message) });
  const slow = gate();
  const ended: string[] = [];
  scope.finish(() => ended.push('at once'));
  scope.finish(() => {
    throw new Error('throws');
  });
  scope.finish(() => slow.promise.then(() => ended.push('slow')));
  scope.finish({ [Symbol.asyncDispose]: () => Promise.reject(new Error('rejects')) });
  expect([ended, scope.size]).toEqual([['at once'], 0]);
  const closing = scope.close();
  slow.open();
  await closing;
  expect([ended, errors]).toEqual([
    ['at once', 'slow'],
    ['throws', 'rejects'],
  ]);
});

describe('who extends it', () => {
  class Told extends Scope {
    readonly told: string[] = [];
    protected override began(): void {
      this.told.push('began');
    }

    protected override ended(): void {
      this.told.push('ended');
    }
  }

  test('is told that it begins to close, and at once that it has when everything ends at once', () => {
    const scope = new Told('call');
    scope.own(() => scope.told.push('first'));
    scope.own({ [Symbol.dispose]: () => void scope.told.push('second') });
    scope.signal.addEventListener('abort', () => scope.told.push('aborted'));
    void scope.close();
    void scope.close();
    expect(scope.told).toEqual(['began', 'aborted', 'second', 'first', 'ended']);
  });

  test('is told that it has closed once the last end has settled', async () => {
    const scope = new Told('call');
    const slow = gate();
    scope.own(() => scope.told.push('first'));
    scope.own(() => slow.promise);
    const closing = scope.close();
    await settle();
    expect(scope.told).toEqual(['began']);
    slow.open();
    await closing;
    expect(scope.told).toEqual(['began', 'first', 'ended']);
  });

  test('may close it as it begins to, and gives it what ends then', async () => {
    class Again extends Scope {
      count = 0;
      protected override began(): void {
        void this.close();
        this.own(() => (this.count += 1));
      }
    }
    const scope = new Again('call');
    await scope.close();
    expect(scope.count).toBe(1);
  });
});

describe('the signal', () => {
  test('aborts as soon as it closes, before anything ends', () => {
    const seen: boolean[] = [];
    const scope = new Scope('call');
    const { signal } = scope;
    scope.own(() => seen.push(signal.aborted));
    expect(signal.aborted).toBe(false);
    void scope.close();
    expect([signal.aborted, seen]).toEqual([true, [true]]);
  });

  test('has aborted when it is first asked for after the close', () => {
    const scope = new Scope('call');
    void scope.close();
    expect(scope.signal.aborted).toBe(true);
  });

  test('a listener of it that gives the scope more sees that ended', () => {
    let ended = false;
    const scope = new Scope('call');
    scope.signal.addEventListener('abort', () => scope.own(() => (ended = true)));
    void scope.close();
    expect(ended).toBe(true);
  });
});

describe('listen', () => {
  test('listens until it is stopped', () => {
    const target = new EventTarget();
    const scope = new Scope('call');
    let count = 0;
    const stop = scope.listen(target, 'ping', () => (count += 1));
    target.dispatchEvent(new Event('ping'));
    stop();
    stop();
    target.dispatchEvent(new Event('ping'));
    expect([count, scope.size]).toEqual([1, 0]);
  });

  test('listens until the scope closes', async () => {
    const target = new EventTarget();
    const scope = new Scope('call');
    let count = 0;
    scope.listen(target, 'ping', () => (count += 1));
    await scope.close();
    target.dispatchEvent(new Event('ping'));
    scope.listen(target, 'ping', () => (count += 1));
    target.dispatchEvent(new Event('ping'));
    expect(count).toBe(0);
  });
});

describe('a child', () => {
  test('closes with its parent, in its turn', async () => {
    const ended: string[] = [];
    const parent = new Scope('phone');
    parent.own(() => ended.push('parent first'));
    const child = parent.child('call');
    child.own(() => ended.push('child'));
    parent.own(() => ended.push('parent last'));
    expect([child.name, child.size, parent.size]).toEqual(['phone/call', 1, 3]);
    await parent.close();
    expect(ended).toEqual(['parent last', 'child', 'parent first']);
    expect(child.closed).toBe(true);
  });

  test('closed by itself, leaves nothing behind in its parent', async () => {
    const parent = new Scope('phone');
    const child = parent.child('call');
    await child.close();
    expect([parent.size, parent.closed]).toEqual([0, false]);
  });

  test('closing while its parent closes is waited for', async () => {
    const slow = gate();
    const parent = new Scope('phone');
    const child = parent.child('call');
    child.own(() => slow.promise);
    void child.close();
    let isClosed = false;
    const closing = parent.close().then(() => (isClosed = true));
    await settle();
    expect(isClosed).toBe(false);
    slow.open();
    await closing;
    expect(parent.size).toBe(0);
  });

  test('of a closed parent is closed', async () => {
    const parent = new Scope('phone');
    await parent.close();
    expect(parent.child('call').closed).toBe(true);
  });

  test('tells its errors where the parent does', async () => {
    const errors: string[] = [];
    const parent = new Scope('phone', { onError: ({ message }) => errors.push(message) });
    parent.child('call').own(() => {
      throw new Error('fails');
    });
    await parent.close();
    expect(errors).toEqual(['fails']);
  });
});

describe('an end that takes time', () => {
  test('is waited for as `bound` says, also in a child; one that ends at once is not asked about', async () => {
    const errors: string[] = [];
    let bounded = 0;
    const scope = new Scope('call', {
      onError: ({ message }) => errors.push(message),
      bound: () => {
        bounded += 1;
        return Promise.reject(new Error('too late'));
      },
    });
    const ended: string[] = [];
    scope.own(() => ended.push('first'));
    scope.own(() => new Promise(() => {}));
    scope.child('leg').own(() => new Promise(() => {}));
    await scope.close();
    expect([ended, bounded, scope.size]).toEqual([['first'], 3, 0]);
    expect(errors).toEqual(['too late', 'too late', 'too late']);
  });
});

test('what was aborted is told so by an AbortError, as of any other signal', async () => {
  const scope = new Scope('call');
  const { signal } = scope;
  await scope.close();
  expect(signal.reason).toMatchObject({ name: 'AbortError' });
  const late = new Scope('late');
  await late.close();
  expect(late.signal.reason).toMatchObject({ name: 'AbortError' });
});
