/* What types forbid and JavaScript does not: it is refused at once, by name, and never as a bug of ours. */
import { FakeClock } from '@ringfence/base/testing';
import { expect, test } from 'vitest';
import {
  breakerPolicy,
  CircuitBreaker,
  Health,
  slidingCount,
  Tube,
  tubePolicy,
  TubeRegistry,
} from './index.ts';
import {
  Failover,
  foreignChild,
  processChild,
  Service,
  Supervisor,
  threadChild,
} from './supervisor/index.ts';
import { MemoryChild } from './testing/index.ts';

const create = () => new MemoryChild({});
/** Anything, in place of what is right. */
const wrong = (value: unknown): never => value as never;
const twins = [
  { name: 'a', create },
  { name: 'a', create },
];
const strategy = () => wrong({});
const url = new URL('file:///child.js');
const policy = { faultLimit: 5 };

test.for<[message: string, act: () => unknown]>([
  ['options; null is', () => breakerPolicy(wrong(null))],
  ['options; null is', () => new CircuitBreaker('a', wrong(null))],
  ['classify; code is', () => breakerPolicy({ classify: wrong('code') })],
  ['strategy; count is', () => breakerPolicy({ strategy: wrong('count') })],
  ['strategy; 0 is', () => breakerPolicy({ strategy: wrong(0) })],
  ['strategy; [object Object] is', () => new CircuitBreaker('a', { strategy })],
  ['options; null is', () => slidingCount(wrong(null))],
  ['options; null is', () => tubePolicy(wrong(null))],
  ['breakers; null is', () => tubePolicy({ breakers: wrong(null) })],
  ['breakers.turn; null is', () => tubePolicy({ breakers: { turn: wrong(null) } })],
  ['breaker.openMs; 0 is', () => tubePolicy({ breaker: { openMs: 0 } })],
  ['breaker.probeLimit; 0 is', () => tubePolicy({ breaker: { probeLimit: 0 } })],
  ['breakers.turn.openMs; 0 is', () => tubePolicy({ breakers: { turn: { openMs: 0 } } })],
  [
    'tube.breakers.turn.openMs; 0 is',
    () => new TubeRegistry({ tube: { breakers: { turn: { openMs: 0 } } } }),
  ],
  ['tube.faultLimit; -1 is', () => new TubeRegistry({ tube: { faultLimit: -1 } })],
  ['options; null is', () => new TubeRegistry(wrong(null))],
  ['policy; [object Object] is', () => new Tube('a', { policy: wrong(policy) })],
  ['policy; [object Object] is', () => new Tube('a', { policy: wrong(breakerPolicy()) })],
  ['collaborators; null is', () => new Tube('a', wrong(null))],
  ['fetch; null is', () => new Tube('a').iceServers(wrong(null))],
  ['options; null is', () => new Tube('a').iceServers(async () => [], wrong(null))],
  ['options; null is', () => new Health(wrong(null))],
  ['check; undefined is', () => new Health().add('a', wrong(undefined))],
  ['options; null is', () => new Health().add('a', () => true, wrong(null))],
  ['children; undefined is', () => new Supervisor(wrong(undefined))],
  ['children; [] is', () => new Supervisor([])],
  ['children[0]; null is', () => new Supervisor([wrong(null)])],
  ['children[0].name; undefined is', () => new Supervisor([wrong({ create })])],
  ['children[0].create; undefined is', () => new Supervisor([wrong({ name: 'a' })])],
  ['children[1].name; a is not a name that no other child has', () => new Supervisor(twins)],
  ['options; null is', () => new Supervisor([{ name: 'a', create }], wrong(null))],
  ['intensity; 5 is', () => new Supervisor([{ name: 'a', create }], { intensity: wrong(5) })],
  ['create; undefined is', () => new Service(wrong(undefined))],
  ['options; null is', () => new Service(create, wrong(null))],
  ['members; undefined is', () => new Failover(wrong(undefined))],
  ['members[0]; null is', () => new Failover([wrong(null)])],
  ['options; null is', () => new Failover([new Service(create)], wrong(null))],
  ['url; undefined is', () => threadChild(wrong(undefined))],
  ['url; ./child.js is not a file: or data: URL', () => threadChild(wrong('./child.js'))],
  ['url; ./child.js is not a file: URL', () => processChild(wrong('./child.js'))],
  ['options; null is', () => threadChild(url, wrong(null))],
  ['options; null is', () => processChild(url, wrong(null))],
  ['command; undefined is', () => foreignChild(wrong(undefined))],
  ['options; null is', () => foreignChild('ffmpeg', wrong(null))],
])('refuses option %s', ([message, act]) => {
  expect(act).toThrow(
    expect.objectContaining({
      code: 'invalid_option',
      message: expect.stringContaining(`unable to use option ${message}`),
    }),
  );
});

test('execute without work is refused, and is no failure of the dependency', async () => {
  const clock = new FakeClock();
  const breaker = new CircuitBreaker('a', {}, { clock });
  const tube = new Tube('a', { clock });
  const refusals = [
    breaker.execute(wrong(undefined)),
    breaker.execute(wrong(undefined), { timeoutMs: 0 }),
    breaker.execute(async () => {}, wrong(null)),
    tube.execute('turn', wrong(undefined)),
  ];
  const codes = (await Promise.allSettled(refusals)).map(
    (result) => wrong(result)['reason']['code'],
  );
  expect(new Set(codes)).toEqual(new Set(['invalid_option']));
  expect(breaker.statistics()).toMatchObject({ totalRequests: 0, failedRequests: 0 });
  expect(tube.breaker('turn').statistics()).toMatchObject({ totalRequests: 0 });
});

test('null in place of an option is its default', () => {
  const options = { strategy: wrong(null), classify: wrong(null), typeThresholds: wrong(null) };
  expect(new CircuitBreaker('a', options).policy).toEqual(breakerPolicy());
  const children = [{ name: 'a', create }];
  const supervisor = new Supervisor(children, { intensity: wrong(null) });
  expect(supervisor.options).toEqual(new Supervisor(children).options);
});
