import { FakeClock, settle } from '@ringfence/base/testing';
import { expect, test } from 'vitest';
import { MemoryChild } from '../testing/index.ts';
import { Failover } from './failover.ts';
import { Service } from './service.ts';

interface Sample {
  readonly calls: { readonly who: () => string; readonly wait: () => Promise<string> };
  readonly events: { readonly 'text.announced': string };
}

function sample(...names: string[]) {
  const clock = new FakeClock();
  const newest = new Map<string, MemoryChild<Sample>>();
  const broken = new Set<string>();
  const services = names.map((name) => {
    const create = () => {
      const handlers = { who: () => name, wait: () => new Promise<string>(() => {}) };
      const ready = () => {
        if (broken.has(name)) throw new Error('no luck');
      };
      const child = new MemoryChild<Sample>(handlers, { ready }, { clock });
      newest.set(name, child);
      return child;
    };
    return new Service<Sample>(create, { name, restartJitter: 0, maxRestarts: 1 }, { clock });
  });
  const failover = new Failover<Sample>(services, {}, { clock });
  const log: string[] = [];
  failover.onSwitch(({ from, to }) => log.push(`${clock.monotonic()} ${from} to ${to}`));
  failover.onStateChange(() =>
    log.push(`${clock.monotonic()} ${failover.isAvailable ? 'available' : 'not available'}`),
  );
  return { failover, services, clock, newest, broken, log };
}

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'resolved',
    (error) => error.code ?? error,
  );

test('calls go to the backup at once, and back after the first was well for a while', async () => {
  const { failover, clock, newest, log } = sample('first', 'backup');
  await failover.start();
  expect([await failover.call('who'), failover.active]).toEqual(['first', 'first']);
  const lost = rejection(failover.call('wait'));
  newest.get('first')!.crash();
  await settle();
  expect([await lost, await failover.call('who')]).toEqual(['child_exited', 'backup']);
  await clock.advanceAsync(34_999);
  expect(await failover.call('who')).toBe('backup');
  await clock.advanceAsync(1);
  expect(await failover.call('who')).toBe('first');
  expect(log).toEqual([
    '0 undefined to first',
    '0 available',
    '0 first to backup',
    '35000 backup to first',
  ]);
  await failover.stop();
  expect(clock.pending).toBe(0);
});

test('one that comes and goes is not gone back to', async () => {
  const { failover, clock, newest, services } = sample('first', 'backup');
  await failover.start();
  newest.get('first')!.crash();
  await clock.advanceAsync(20_000);
  expect(services[0]!.isAvailable).toBe(true);
  newest.get('first')!.crash();
  await clock.advanceAsync(30_000);
  expect(failover.active).toBe('backup');
  await failover.stop();
});

test('a call that may run twice is finished by the backup', async () => {
  const { failover, newest } = sample('first', 'backup');
  await failover.start();
  const call = failover.call('wait', undefined, { isRepeatable: true });
  await settle();
  newest.get('first')!.crash();
  await settle();
  expect(newest.get('backup')!.pending).toBe(1);
  await failover.stop();
  expect(await rejection(call)).toBe('child_stopped');
});

test('starts when one does, and starts again what gave up', async () => {
  const { failover, clock, broken, services, log } = sample('first', 'backup');
  broken.add('first');
  await failover.start();
  expect(failover.active).toBe('backup');
  await clock.advanceAsync(5_000);
  expect(services[0]!.status().isFatal).toBe(true);
  broken.clear();
  await clock.advanceAsync(60_000);
  expect(services[0]!.isAvailable).toBe(true);
  await clock.advanceAsync(30_000);
  expect(log).toEqual(['0 undefined to backup', '0 available', '95000 backup to first']);
  await failover.stop();
  expect(clock.pending).toBe(0);
});

test('when none runs any more, the whole has failed', async () => {
  const { failover, clock, newest, log } = sample('first', 'backup');
  await failover.start();
  const exits: unknown[] = [];
  failover.onExit((exit) => exits.push(exit));
  for (const name of ['first', 'backup', 'first', 'backup']) {
    newest.get(name)!.crash();
    await clock.advanceAsync(5_000);
  }
  expect(exits).toMatchObject([
    { reason: 'failed', error: { code: 'fatal_error', cause: { code: 'fatal_error' } } },
  ]);
  expect(await rejection(failover.call('who'))).toBe('child_unavailable');
  expect(await rejection(failover.ping())).toBe('child_unavailable');
  expect(log.at(-1)).toBe('15000 not available');
  await clock.advanceAsync(3_600_000);
  expect(failover.isAvailable).toBe(false);
  await failover.start();
  expect(await failover.call('who')).toBe('first');
  await failover.stop();
  expect(clock.pending).toBe(0);
});

test('a second start joins the first', async () => {
  const { failover, clock } = sample('first', 'backup');
  await Promise.all([failover.start(), failover.start()]);
  await failover.start();
  expect(await failover.call('who')).toBe('first');
  const exits: unknown[] = [];
  failover.onExit((exit) => exits.push(exit));
  await failover.stop();
  expect([exits, clock.pending]).toEqual([[{ reason: 'stopped' }], 0]);
});

test('stopped and started at once, it runs; the last that was asked for counts', async () => {
  const { failover, clock } = sample('first', 'backup');
  await failover.start();
  const stop = failover.stop();
  await failover.start();
  await stop;
  const exits: unknown[] = [];
  failover.onExit((exit) => exits.push(exit));
  await clock.advanceAsync(120_000);
  expect([await failover.call('who'), exits]).toEqual(['first', []]);
  const asked = [failover.stop(), rejection(failover.start()), failover.stop()];
  expect((await Promise.all(asked))[1]).toBe('child_stopped');
  expect([failover.isAvailable, exits, clock.pending]).toEqual([false, [{ reason: 'stopped' }], 0]);
});

test('a start that no member makes rejects', async () => {
  const { failover, clock, broken } = sample('first', 'backup');
  broken.add('first').add('backup');
  const start = rejection(failover.start());
  await clock.advanceAsync(5_000);
  expect(await start).toBeInstanceOf(AggregateError);
  await failover.stop();
  expect(clock.pending).toBe(0);
});

test('a member that drains is not called', async () => {
  const { failover, services } = sample('first', 'backup');
  await failover.start();
  void services[0]!.drain();
  expect(failover.active).toBe('backup');
  expect(await failover.call('who')).toBe('backup');
  await failover.stop();
});

test('hears the events of every member', async () => {
  const { failover, newest } = sample('first', 'backup');
  await failover.start();
  const heard: string[] = [];
  const off = failover.on('text.announced', (text) => heard.push(text));
  for (const name of ['first', 'backup']) await newest.get(name)!.emit('text.announced', name);
  await settle();
  off();
  await newest.get('first')!.emit('text.announced', 'unheard');
  await settle();
  expect(heard).toEqual(['first', 'backup']);
  await failover.stop();
});

test('refuses no members, and times out of range', () => {
  expect(() => sample()).toThrow('unable to use option members; [] is not');
  expect(() => new Failover(sample('a').services, { failBackMs: -1 })).toThrow(
    'unable to use option failBackMs; -1 is not',
  );
});
