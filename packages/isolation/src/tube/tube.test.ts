import { delay } from '@ringfence/base';
import { expect, test } from 'vitest';
import { FakeClock, RecordingLogger, settle } from '@ringfence/base/testing';
import { guardClient } from '../breaker/guard-client.ts';
import { Tube } from './tube.ts';
import type { TubeCollaborators, TubeEvent } from './tube.ts';
import { tubePolicy } from './tube-policy.ts';

function setUp(collaborators: TubeCollaborators = {}) {
  const clock = new FakeClock();
  const told: TubeEvent[] = [];
  const tube = new Tube('call', { clock, observe: (event) => told.push(event), ...collaborators });
  const types = () => told.map(({ type }) => type);
  return { clock, tube, told, types };
}

const broken = new Error('broken');

const fail = (): never => {
  throw broken;
};

test('a callback that throws is contained, counted and told under its name', () => {
  const { tube, told } = setUp();
  const heard: number[] = [];
  const callback = tube.contain('click', (value: number) => {
    heard.push(value);
    throw broken;
  });
  expect(callback(1)).toBeUndefined();
  callback(2);
  expect(heard).toEqual([1, 2]);
  expect(tube.faults).toBe(2);
  expect(tube.statistics().errorSources).toEqual({ click: 2 });
  expect(told).toEqual([
    { type: 'tube.fault', tube, source: 'click', error: broken },
    { type: 'tube.fault', tube, source: 'click', error: broken },
  ]);
});

test('so is one whose promise rejects, whose result cannot be read, or that throws no error', async () => {
  const { tube, told } = setUp();
  tube.contain('rejects', async () => fail())();
  tube.contain('proxy', () => new Proxy({}, { get: fail }))();
  tube.contain('text', () => {
    throw 'text';
  })();
  tube.contain('revoked', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    throw proxy;
  })();
  await settle();
  expect(tube.statistics().errorSources).toEqual({ proxy: 1, text: 1, revoked: 1, rejects: 1 });
  const texts = told.map((event) => event.type === 'tube.fault' && event.error.message);
  expect(texts).toContain('unable to go on; a value that is no error was thrown');
});

test('nothing that was contained is called once the tube closes', async () => {
  const { tube } = setUp();
  let calls = 0;
  const callback = tube.contain('click', () => (calls += 1));
  const closing = tube.close();
  callback();
  await closing;
  callback();
  expect(calls).toBe(0);
});

test('a task gives its result, or undefined when it fails', async () => {
  const { tube } = setUp();
  expect(await tube.run('sum', () => 3)).toBe(3);
  expect(await tube.run('sum', async () => 4)).toBe(4);
  expect(await tube.run('throws', fail)).toBeUndefined();
  expect(await tube.run('rejects', async () => fail())).toBeUndefined();
  expect(tube.statistics()).toMatchObject({ errors: 2, owned: 0 });
});

test('a task that hangs ends with the tube, for who waits and by its signal', async () => {
  const { tube } = setUp();
  let aborted = false;
  const deaf = tube.run('deaf', () => new Promise<number>(() => {}));
  const polite = tube.run('polite', ({ signal }) => {
    return new Promise<number>((_, reject) => {
      signal.addEventListener('abort', () => {
        aborted = true;
        reject(signal.reason);
      });
    });
  });
  await tube.close();
  expect(await deaf).toBeUndefined();
  expect(await polite).toBeUndefined();
  expect(aborted).toBe(true);
  expect(tube.faults).toBe(0);
  let ran = false;
  expect(await tube.run('late', () => (ran = true))).toBeUndefined();
  expect(ran).toBe(false);
});

test('timers belong to the tube', async () => {
  const { clock, tube } = setUp();
  const rung: string[] = [];
  tube.clock.setTimeout(() => rung.push('first'), 10);
  const second = tube.clock.setTimeout(() => rung.push('second'), 10);
  tube.clock.setTimeout(fail, 20);
  tube.clock.setTimeout(() => rung.push('late'), 1_000);
  tube.clock.clearTimeout(second);
  tube.clock.clearTimeout(second);
  tube.clock.clearTimeout(undefined);
  expect([tube.clock.now(), tube.clock.monotonic()]).toEqual([clock.now(), 0]);
  clock.advance(100);
  expect(rung).toEqual(['first']);
  expect(tube.statistics()).toMatchObject({ errors: 1, errorSources: { timer: 1 }, owned: 1 });
  await tube.close();
  expect(clock.pending).toBe(0);
  tube.clock.setTimeout(() => rung.push('after'), 1);
  expect(clock.pending).toBe(0);
  clock.advance(10_000);
  expect(rung).toEqual(['first']);
});

test('each dependency has one breaker, of this tube alone', async () => {
  const { clock, tube } = setUp();
  const other = new Tube('other', { clock });
  expect(tube.breaker('turn')).toBe(tube.breaker('turn'));
  expect(tube.breaker('turn')).not.toBe(tube.breaker('media'));
  expect(tube.breaker('turn')).not.toBe(other.breaker('turn'));
  for (let call = 0; call < 5; call += 1) {
    await expect(tube.execute('turn', fail)).rejects.toBe(broken);
  }
  await expect(tube.execute('turn', () => 1)).rejects.toMatchObject({ code: 'breaker_open' });
  expect(await tube.execute('media', () => 1)).toBe(1);
  expect(await other.execute('turn', () => 1)).toBe(1);
});

test('it tells when a breaker opens and closes, and is unhealthy in between', async () => {
  const { clock, tube, told, types } = setUp({
    policy: tubePolicy({ breakers: { turn: { failureThreshold: 1, successThreshold: 1 } } }),
  });
  const turn = tube.breaker('turn');
  await tube.execute('turn', fail).catch(() => {});
  expect(told).toEqual([
    { type: 'breaker.failed', tube, breaker: turn, errorType: 'Error' },
    { type: 'breaker.opened', tube, breaker: turn, errorType: 'Error' },
  ]);
  expect(tube.isHealthy).toBe(false);
  clock.advance(30_000);
  await tube.execute('turn', fail).catch(() => {});
  clock.advance(30_000);
  expect(tube.isHealthy).toBe(false);
  await tube.execute('turn', () => 1);
  expect(tube.isHealthy).toBe(true);
  turn.isolate();
  turn.isolate();
  turn.reset();
  turn.reset();
  expect(types()).toEqual([
    'breaker.failed',
    'breaker.opened',
    'breaker.failed',
    'breaker.opened',
    'breaker.closed',
    'breaker.opened',
    'breaker.closed',
  ]);
  expect(turn.statistics()).toMatchObject({ circuitOpens: 3 });
});

test('a hung probe that is reclaimed opens the breaker, and is told', () => {
  const policy = tubePolicy({ breaker: { failureThreshold: 1, probeLimit: 1, timeoutMs: 1_000 } });
  const { clock, tube, types } = setUp({ policy });
  const media = tube.breaker('media');
  media.failed(media.tryEnter(), 'down');
  clock.advance(30_000);
  media.tryEnter();
  clock.advance(1_000);
  media.tryEnter();
  expect(types()).toEqual(['breaker.failed', 'breaker.opened', 'breaker.failed', 'breaker.opened']);
});

test('an imported state counts as no opening', () => {
  const { tube, types } = setUp();
  const other = new Tube('other').breaker('turn');
  other.isolate();
  tube.breaker('turn').import(other.export());
  expect(types()).toEqual(['breaker.imported']);
  expect(tube.isHealthy).toBe(false);
});

test('what runs through a breaker ends when the tube closes, and counts for nothing', async () => {
  const { clock, tube } = setUp();
  const breaker = tube.breaker('signaling');
  const hangs = tube.execute('signaling', () => new Promise(() => {}));
  const own = new AbortController();
  const both = tube.execute('signaling', () => new Promise(() => {}), { signal: own.signal });
  const mine = tube.execute('signaling', () => new Promise(() => {}), { signal: own.signal });
  const ends = [hangs, both, mine].map((each) => each.catch((thrown: unknown) => thrown));
  own.abort('mine');
  expect(await ends[1]).toBe('mine');
  await tube.close();
  expect(await ends[0]).toMatchObject({ name: 'AbortError' });
  expect(await ends[2]).toBe('mine');
  await expect(tube.execute('signaling', () => 1)).rejects.toMatchObject({ name: 'AbortError' });
  expect(breaker.statistics()).toMatchObject({ failedRequests: 0, timeouts: 0 });
  expect(clock.pending).toBe(0);
});

test('calls of a guarded client end with the tube, which closes before, meanwhile or within them', async () => {
  const { clock, tube } = setUp();
  const within = new Tube('within', { clock });
  const client = {
    hang: () => new Promise<never>(() => {}),
    close: () => {
      void within.close();
      return new Promise<never>(() => {});
    },
  };
  const guarded = guardClient(client, tube.breaker('turn'));
  const meanwhile = guarded.hang();
  const closing = tube.close();
  const aborted = { name: 'AbortError' };
  await expect(meanwhile).rejects.toMatchObject(aborted);
  await expect(guarded.hang()).rejects.toMatchObject(aborted);
  await expect(guardClient(client, within.breaker('turn')).close()).rejects.toMatchObject(aborted);
  await closing;
  expect(tube.breaker('turn').statistics()).toMatchObject({ totalRequests: 1, failedRequests: 0 });
  expect(clock.pending).toBe(0);
});

test('a listener of a breaker that throws is a fault of the tube', async () => {
  const { tube } = setUp();
  const breaker = tube.breaker('turn');
  const heard: string[] = [];
  breaker.on('breaker.opened', fail);
  const off = breaker.on('breaker.opened', () => heard.push('opened'));
  breaker.isolate();
  off();
  breaker.reset();
  breaker.isolate();
  expect(heard).toEqual(['opened']);
  expect(tube.statistics().errorSources).toEqual({ 'listener:breaker.opened': 2 });
});

test('restartIce goes through the breaker media', async () => {
  const { tube } = setUp();
  expect(await tube.restartIce(() => 'offer')).toBe('offer');
  for (let attempt = 0; attempt < 5; attempt += 1) await tube.restartIce(fail).catch(() => {});
  await expect(tube.restartIce(() => 'offer')).rejects.toMatchObject({ code: 'breaker_open' });
  expect(tube.statistics().breakers).toMatchObject([{ name: 'media', state: 'open' }]);
  tube.reset();
  expect(await tube.restartIce(() => 'offer')).toBe('offer');
});

test('too many faults within the window end the tube; the same number spread out does not', async () => {
  const policy = tubePolicy({ faultLimit: 3, faultWindowMs: 1_000 });
  const { clock, tube, types } = setUp({ policy });
  for (let fault = 0; fault < 10; fault += 1) {
    tube.fault('listener', broken);
    clock.advance(500);
  }
  expect(tube.closed).toBe(false);
  clock.advance(1_000);
  for (let fault = 0; fault < 3; fault += 1) tube.fault('listener', broken);
  expect(tube.closed).toBe(true);
  await tube.close();
  expect(types().slice(-2)).toEqual(['tube.closing', 'tube.closed']);
});

test('a limit of 0 never ends a tube', () => {
  const { tube } = setUp({ policy: tubePolicy({ faultLimit: 0 }) });
  for (let fault = 0; fault < 1_000; fault += 1) tube.fault('listener', broken);
  expect(tube.closed).toBe(false);
});

test('who watches a tube cannot harm it', async () => {
  const { tube } = setUp({ observe: fail });
  expect(() => tube.contain('click', fail)()).not.toThrow();
  tube.breaker('turn').isolate();
  await tube.close();
  expect(tube.faults).toBe(1);
});

test('a resource that fails to end is a fault, and the others end', async () => {
  const { tube, types } = setUp();
  let ended = false;
  tube.own(() => (ended = true));
  tube.own(fail);
  await tube.close();
  expect(ended).toBe(true);
  expect(tube.statistics().errorSources).toEqual({ close: 1 });
  expect(types()).toEqual(['tube.closing', 'tube.fault', 'tube.closed']);
});

test('a resource whose end never settles is a fault, and what was owned before it ends', async () => {
  const { clock, tube, told } = setUp();
  const ended: string[] = [];
  const never = new Promise<void>(() => {});
  const first = { [Symbol.dispose]: () => ended.push('first') };
  tube.own(first);
  tube.own({ [Symbol.asyncDispose]: () => never });
  tube.own(() => void ended.push('second'));
  tube.own(() => never);
  tube.own(async () => void ended.push('last'));
  const closing = tube.close();
  await clock.advanceAsync(1_999);
  expect(ended).toEqual(['last']);
  await clock.advanceAsync(1);
  expect(ended).toEqual(['last', 'second']);
  await clock.advanceAsync(2_000);
  await closing;
  expect(ended).toEqual(['last', 'second', 'first']);
  expect(told.map((event) => ('error' in event ? event.error : event.type))).toEqual([
    'tube.closing',
    expect.objectContaining({ code: 'end_timeout' }),
    expect.objectContaining({ code: 'end_timeout' }),
    'tube.closed',
  ]);
  expect([tube.size, clock.pending]).toEqual([0, 0]);
});

test('an end that rejects late troubles nobody, and one in time leaves no timer', async () => {
  const { clock, tube, told } = setUp();
  let reject!: (thrown: unknown) => void;
  tube.own(() => new Promise((_, fails) => (reject = fails)));
  tube.own(() => delay(clock, 100));
  const closing = tube.close();
  await clock.advanceAsync(2_100);
  await closing;
  reject(broken);
  await settle();
  expect(told.filter(({ type }) => type === 'tube.fault')).toHaveLength(1);
  expect(clock.pending).toBe(0);
});

test('what is owned may be let go of, ended alone, or owned twice', async () => {
  const { tube } = setUp();
  const ended: string[] = [];
  const [a, b, c] = ['a', 'b', 'c'].map((name) => () => void ended.push(name));
  for (const each of [a!, b!, c!, c!]) expect(tube.own(each)).toBe(each);
  expect([tube.size, tube.disown(a!), tube.disown(a!), tube.size]).toEqual([3, true, false, 2]);
  await tube.end(b!);
  await tube.end(b!);
  expect(ended).toEqual(['b']);
  await tube.close();
  tube.own(c!);
  expect(ended).toEqual(['b', 'c']);
});

test('a scope within closes with the tube or alone, and its ends are bounded too', async () => {
  const { clock, tube } = setUp();
  const ended: string[] = [];
  const alone = tube.child('alone');
  alone.own(() => void ended.push('alone'));
  await alone.close();
  expect([tube.size, ended]).toEqual([0, ['alone']]);
  const within = tube.child('within').child('deep');
  within.own(() => void ended.push('within'));
  within.own(() => new Promise(() => {}));
  tube.listen(new EventTarget(), 'click', () => {});
  const closing = tube.close();
  await clock.advanceAsync(2_000);
  await closing;
  await settle();
  expect(ended).toEqual(['alone', 'within']);
  expect([tube.size, clock.pending]).toEqual([0, 0]);
});

test('closing waits for a scope within that was closing by itself', async () => {
  const { clock, tube } = setUp();
  const child = tube.child('within');
  child.own(() => delay(clock, 500));
  void child.close();
  let isClosed = false;
  void tube.close().then(() => (isClosed = true));
  await clock.advanceAsync(499);
  expect(isClosed).toBe(false);
  await clock.advanceAsync(1);
  expect(isClosed).toBe(true);
});

test('closing twice tells once, and a tube can be disposed of', async () => {
  const { tube, types } = setUp();
  {
    await using same = tube;
    void same.close();
  }
  await tube.close();
  expect(types()).toEqual(['tube.closing', 'tube.closed']);
});

test('it tells that it closes before anything ends, and that it has as the last one has', async () => {
  const { tube, types } = setUp();
  const seen: unknown[] = [];
  const see = (): unknown => seen.push(types());
  tube.own(see);
  tube.signal.addEventListener('abort', see);
  void tube.close();
  expect(seen).toEqual([['tube.closing'], ['tube.closing']]);
  expect(types()).toEqual(['tube.closing', 'tube.closed']);
});

test('health and statistics are plain data', async () => {
  const { clock, tube } = setUp();
  tube.own(() => {});
  await tube.execute('media', () => 1);
  tube.fault('listener', broken);
  clock.advance(2_000);
  expect(tube.health()).toEqual({ healthy: true, errors: 1, turnFailures: 0, ageMs: 2_000 });
  const statistics = tube.statistics();
  expect(statistics).toEqual({
    name: 'call',
    healthy: true,
    errors: 1,
    turnFailures: 0,
    ageMs: 2_000,
    closed: false,
    owned: 1,
    errorSources: { listener: 1 },
    turn: null,
    breakers: [tube.breaker('media').statistics()],
  });
  expect(structuredClone(statistics)).toEqual(statistics);
  await tube.close();
  expect(tube.health()).toMatchObject({ healthy: false });
  expect(tube.statistics()).toMatchObject({ closed: true, owned: 0 });
});

test('names that come from outside cannot fill the memory or reach a prototype', () => {
  const { tube } = setUp();
  tube.breaker('__proto__').isolate();
  tube.breaker('constructor').isolate();
  for (let fault = 0; fault < 60; fault += 1) tube.fault(`source ${fault}`, broken);
  tube.fault('__proto__', broken);
  tube.fault('x'.repeat(1_000), broken);
  const { errorSources } = tube.statistics();
  expect(Object.keys(errorSources)).toHaveLength(33);
  expect(errorSources['other']).toBe(30);
});

test('options out of range name the field and the value', () => {
  expect(() => tubePolicy({ faultLimit: -1 })).toThrow(/faultLimit; -1/);
  expect(() => tubePolicy({ faultWindowMs: 0 })).toThrow(/faultWindowMs; 0/);
  expect(() => tubePolicy({ endTimeoutMs: 0 })).toThrow(/endTimeoutMs; 0/);
  expect(() => tubePolicy({ breaker: { openMs: 0 } })).toThrow(/openMs; 0/);
  expect(() => tubePolicy({ breakers: { turn: { openMs: NaN } } })).toThrow(/openMs; NaN/);
});

test('a dependency has the shared options and its own', () => {
  const policy = tubePolicy({
    breaker: { openMs: 1_000 },
    breakers: { turn: { failureThreshold: 2 } },
  });
  const tube = new Tube('call', { policy });
  expect(tube.breaker('turn').policy).toMatchObject({ openMs: 1_000, failureThreshold: 2 });
  expect(tube.breaker('media').policy).toMatchObject({ openMs: 1_000, failureThreshold: 5 });
  expect(tube.breaker('media').policy).toBe(new Tube('b', { policy }).breaker('turns').policy);
});

test('what listeners of a tube throw or reject with is a fault of it, and is logged', async () => {
  const logger = new RecordingLogger();
  const { tube, told } = setUp({ logger });
  const listeners = tube.listeners<{ ring: number }>();
  const heard: number[] = [];
  listeners.on('ring', fail);
  listeners.on('ring', () => Promise.reject(broken));
  listeners.on('ring', (times) => heard.push(times));
  listeners.emit('ring', 1);
  await settle();
  expect(heard).toEqual([1]);
  const fault = { source: 'listener:ring', error: broken };
  expect(told).toEqual([1, 2].map(() => ({ type: 'tube.fault', tube, ...fault })));
  const line = { level: 'error', message: 'a fault was contained' };
  expect(logger.lines).toEqual([1, 2].map(() => ({ ...line, fields: { tube: 'call', ...fault } })));
});

test('a logger that throws harms nobody', () => {
  const { tube, types } = setUp({ logger: { error: fail } });
  tube.fault('listener', broken);
  expect([tube.faults, types()]).toEqual([1, ['tube.fault']]);
});
