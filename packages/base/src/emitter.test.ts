import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { Emitter } from './emitter.ts';
import { settle } from './testing/index.ts';

interface Events {
  'call.changed': { state: string };
  error: string;
}

function create(): { emitter: Emitter<Events>; errors: [unknown, string][] } {
  const errors: [unknown, string][] = [];
  return { emitter: new Emitter((thrown, event) => errors.push([thrown, event])), errors };
}

test('calls the listeners of an event in the order they came', () => {
  const { emitter } = create();
  const heard: string[] = [];
  emitter.on('call.changed', ({ state }) => heard.push(`1 ${state}`));
  emitter.on('call.changed', ({ state }) => heard.push(`2 ${state}`));
  emitter.emit('call.changed', { state: 'active' });
  emitter.emit('error', 'nobody listens, and nothing is thrown');
  expect(heard).toEqual(['1 active', '2 active']);
});

test('a listener that throws or rejects breaks neither the emitter nor its neighbours', async () => {
  const { emitter, errors } = create();
  const heard: string[] = [];
  const thrown = new Error('thrown');
  const rejected = new Error('rejected');
  emitter.on('call.changed', () => {
    throw thrown;
  });
  emitter.on('call.changed', async () => {
    await Promise.resolve();
    throw rejected;
  });
  // A promise of another realm, as a frame has it, is no instance of this one's Promise.
  emitter.on('call.changed', () => runInNewContext(`Promise.reject('foreign')`) as unknown);
  emitter.on('call.changed', ({ state }) => heard.push(state));
  emitter.emit('call.changed', { state: 'active' });
  await settle();
  expect(heard).toEqual(['active']);
  expect(errors).toEqual([
    [thrown, 'call.changed'],
    ['foreign', 'call.changed'],
    [rejected, 'call.changed'],
  ]);
});

test('a handler of errors that throws breaks nothing either', async () => {
  const emitter = new Emitter<Events>(() => {
    throw new Error('the handler');
  });
  const heard: string[] = [];
  emitter.on('error', () => {
    throw new Error('the listener');
  });
  emitter.on('error', () => Promise.reject(new Error('later')));
  emitter.on('error', (text) => heard.push(text));
  expect(() => emitter.emit('error', 'e')).not.toThrow();
  await settle();
  expect(heard).toEqual(['e']);
});

test('off is off, at once and twice', () => {
  const { emitter } = create();
  const heard: string[] = [];
  const listener = ({ state }: { state: string }): unknown => heard.push(state);
  const first = emitter.on('call.changed', listener);
  emitter.on('call.changed', listener);
  first();
  first();
  emitter.emit('call.changed', { state: 'active' });
  expect(heard).toEqual(['active']);
  expect(emitter.listenerCount('call.changed')).toBe(1);
});

test('a listener that is taken off while the event goes round does not hear it', () => {
  const { emitter } = create();
  const heard: string[] = [];
  emitter.on('error', () => offSecond());
  const offSecond = emitter.on('error', () => heard.push('second'));
  emitter.on('error', () => heard.push('third'));
  emitter.emit('error', 'e');
  expect(heard).toEqual(['third']);
});

test('a listener that is added while the event goes round hears the next one', () => {
  const { emitter } = create();
  const heard: string[] = [];
  emitter.once('error', () => emitter.on('error', (text) => heard.push(text)));
  emitter.emit('error', 'first');
  emitter.emit('error', 'second');
  expect(heard).toEqual(['second']);
});

test('once hears one event, also when it emits the event itself', () => {
  const { emitter } = create();
  let count = 0;
  emitter.once('error', () => {
    count += 1;
    emitter.emit('error', 'again');
  });
  emitter.emit('error', 'e');
  emitter.emit('error', 'e');
  expect([count, emitter.listenerCount('error')]).toEqual([1, 0]);
});

test('once can be taken off before it hears anything', () => {
  const { emitter } = create();
  let count = 0;
  emitter.once('error', () => (count += 1))();
  emitter.emit('error', 'e');
  expect(count).toBe(0);
});

test('clear forgets everyone, also those whose turn has not come', () => {
  const { emitter } = create();
  const heard: string[] = [];
  emitter.on('error', () => emitter.clear());
  emitter.on('error', () => heard.push('second'));
  emitter.emit('error', 'e');
  emitter.emit('error', 'e');
  expect([heard, emitter.listenerCount('error')]).toEqual([[], 0]);
  emitter.on('error', () => heard.push('new'));
  emitter.emit('error', 'e');
  expect(heard).toEqual(['new']);
});
