import { FakeClock } from '@ringfence/base/testing';
import { expect, expectTypeOf, test } from 'vitest';
import { CircuitBreaker } from './breaker.ts';
import { guardClient } from './guard-client.ts';
import type { AsyncMethodOf } from './guard-client.ts';

class TurnClient {
  readonly region = 'eu';
  #secret = 'secret';
  handlers: (() => void)[] = [];
  isDown = false;
  calls = 0;

  async fetchServers(count: number): Promise<string> {
    this.calls += 1;
    if (this.isDown) throw new Error('down');
    return `${count} for ${this.#secret}`;
  }

  async fetchTwice(): Promise<string[]> {
    return [await this.fetchServers(1), await this.fetchServers(2)];
  }

  hang(): Promise<never> {
    return new Promise(() => {});
  }

  check(count: number): Promise<number> {
    if (count < 0) throw new RangeError('count');
    return Promise.resolve(count);
  }

  describe(): string {
    return `turn in ${this.region} with ${this.#secret}`;
  }

  on(handler: () => void): this {
    this.handlers.push(handler);
    return this;
  }

  get secret(): string {
    return this.#secret;
  }

  set secret(secret: string) {
    this.#secret = secret;
  }
}

function make(methods?: readonly AsyncMethodOf<TurnClient>[]) {
  const clock = new FakeClock();
  const breaker = new CircuitBreaker('turn', { failureThreshold: 2 }, { clock });
  const client = new TurnClient();
  return { clock, breaker, client, guarded: guardClient(client, breaker, methods && { methods }) };
}

test('methods that return a promise go through the breaker', async () => {
  const { breaker, client, guarded } = make();
  expect(await guarded.fetchServers(3)).toBe('3 for secret');
  client.isDown = true;
  await expect(guarded.fetchServers(3)).rejects.toThrow('down');
  await expect(guarded.fetchServers(3)).rejects.toThrow('down');
  await expect(guarded.fetchServers(3)).rejects.toMatchObject({ code: 'breaker_open' });
  expect(client.calls).toBe(3);
  expect(breaker.statistics()).toMatchObject({
    successfulRequests: 1,
    failedRequests: 2,
    refusedRequests: 1,
  });
});

test('one that hangs is cut off at the time limit', async () => {
  const { breaker, clock, guarded } = make();
  const call = guarded.hang();
  clock.advance(10_000);
  await expect(call).rejects.toMatchObject({ code: 'operation_timeout' });
  expect(breaker.statistics().timeouts).toBe(1);
});

test('what a method calls itself is not counted again', async () => {
  const { breaker, guarded } = make();
  expect(await guarded.fetchTwice()).toEqual(['1 for secret', '2 for secret']);
  expect(breaker.statistics().successfulRequests).toBe(1);
});

test('a method that returns something else is found out at its first call', () => {
  const { breaker, guarded } = make();
  expect(guarded.describe()).toBe('turn in eu with secret');
  breaker.isolate();
  expect(guarded.describe()).toBe('turn in eu with secret');
  expect(breaker.statistics()).toMatchObject({ totalRequests: 1, successfulRequests: 0 });
});

test('with names given, only those are guarded', async () => {
  const { breaker, guarded } = make(['fetchServers']);
  breaker.isolate();
  expect(guarded.describe()).toBe('turn in eu with secret');
  expect(await guarded.check(1)).toBe(1);
  await expect(guarded.fetchServers(1)).rejects.toMatchObject({ code: 'breaker_open' });
});

test('a method that throws at once says nothing of the dependency and keeps no probe', async () => {
  const { breaker, clock, guarded } = make();
  breaker.failed(breaker.tryEnter());
  breaker.failed(breaker.tryEnter());
  clock.advance(30_000);
  for (let time = 0; time < 5; time += 1) expect(() => guarded.check(-1)).toThrow(RangeError);
  for (let time = 0; time < 5; time += 1) guarded.describe();
  for (let time = 0; time < 3; time += 1) expect(await guarded.check(time)).toBe(time);
  expect(breaker.state).toBe('closed');
});

test('a method that returns something else keeps no probe', async () => {
  const { breaker, clock, client } = make();
  const [one, two, three, four] = [1, 2, 3, 4].map(() => guardClient(client, breaker));
  breaker.failed(breaker.tryEnter());
  breaker.failed(breaker.tryEnter());
  clock.advance(30_000);
  for (const guarded of [one!, two!, three!, four!]) {
    expect(guarded.describe()).toBe('turn in eu with secret');
  }
});

test('it looks like the client', () => {
  const { client, guarded } = make();
  expect(guarded).toBeInstanceOf(TurnClient);
  expect(Object.keys(guarded)).toEqual(Object.keys(client));
  expect('fetchServers' in guarded && 'region' in guarded).toBe(true);
  expect([guarded.region, guarded.secret, guarded.constructor]).toEqual([
    'eu',
    'secret',
    TurnClient,
  ]);
  guarded.secret = 'new';
  expect(client.secret).toBe('new');
  expect(guarded.fetchServers).toBe(guarded.fetchServers);
  expect([guarded.fetchServers.name, guarded.fetchServers.length]).toEqual(['fetchServers', 1]);
  expect(guarded.on(() => {})).toBe(guarded);
  expect(client.handlers).toHaveLength(1);
  expectTypeOf(guarded).toEqualTypeOf<TurnClient>();
});

test('a method that is replaced later is guarded too', async () => {
  const { breaker, client, guarded } = make();
  await guarded.check(1);
  client.check = async () => 2;
  expect(await guarded.check(1)).toBe(2);
  expect(breaker.statistics().successfulRequests).toBe(2);
});

test('a frozen client and a plain object of functions can be guarded', async () => {
  const { breaker } = make();
  const api = Object.freeze({ ping: async () => 'pong' });
  const guarded = guardClient(api, breaker);
  expect(await guarded.ping()).toBe('pong');
  expect(await { ...guarded }.ping()).toBe('pong');
  expect(breaker.statistics().successfulRequests).toBe(2);
});

test('only methods that return a promise can be named', () => {
  expectTypeOf<AsyncMethodOf<TurnClient>>().toEqualTypeOf<
    'fetchServers' | 'fetchTwice' | 'hang' | 'check'
  >();
});
