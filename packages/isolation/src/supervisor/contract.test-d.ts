import { expectTypeOf, test } from 'vitest';
import type { CallContext, Callable, Handlers } from './contract.ts';
import { Failover } from './failover.ts';
import { Service } from './service.ts';
import { threadChild } from './thread-child.ts';

const handlers = {
  add: ({ a, b }: { readonly a: number; readonly b: number }) => a + b,
  now: () => 5,
  async search(query: string, { emit, signal }: CallContext<{ readonly hit: number }>) {
    if (!signal.aborted) await emit({ hit: 1 });
    return [query];
  },
  optional: (text?: string) => text ?? '',
};

interface Sample {
  readonly calls: typeof handlers;
  readonly events: { readonly 'sum.found': number };
}

declare const sample: Callable<Sample>;
const url = new URL('file:///sample.js');

test('handlers of any input and events are handlers', () => {
  expectTypeOf(handlers).toExtend<Handlers>();
});

test('a call has the input and the result of its handler', () => {
  expectTypeOf(sample.call('add', { a: 1, b: 2 })).resolves.toEqualTypeOf<number>();
  expectTypeOf(sample.call('now')).resolves.toEqualTypeOf<number>();
  expectTypeOf(sample.call('now', undefined, { timeoutMs: 5 })).resolves.toEqualTypeOf<number>();
  expectTypeOf(sample.call('search', 'x')).resolves.toEqualTypeOf<string[]>();
  expectTypeOf(sample.call('optional')).resolves.toEqualTypeOf<string>();
  expectTypeOf(sample.call('optional', 'x')).resolves.toEqualTypeOf<string>();
  // @ts-expect-error its input is missing
  void sample.call('add');
  // @ts-expect-error its input is another
  void sample.call('add', { a: 1 });
  // @ts-expect-error there is no such call
  void sample.call('subtract', { a: 1, b: 2 });
});

test('events have the type the handler emits', () => {
  void sample.call('search', 'x', {
    onEvent: (event) => expectTypeOf(event).toEqualTypeOf<{ readonly hit: number }>(),
  });
  sample.on('sum.found', (sum) => expectTypeOf(sum).toEqualTypeOf<number>());
  // @ts-expect-error there is no such event
  sample.on('sum.lost', () => {});
});

test('the contract is inferred from the child', () => {
  const service = new Service(() => threadChild<Sample>(url));
  expectTypeOf(service).toEqualTypeOf<Service<Sample>>();
  expectTypeOf(new Failover([service])).toEqualTypeOf<Failover<Sample>>();
});
