import { describe, expect, test } from 'vitest';
import type { ToneName, Tones } from '@ringfence/media/tones';
import { createFakePhone } from '../testing/fake-phone.ts';
import { createRinger } from './create-ringer.ts';

/** Tones that write down what is played: `+ring`, `-ring`. */
function recordTones() {
  const played: string[] = [];
  const told = new Map<string, () => void>();
  let isClosed = false;
  const tones = {
    blocked: false,
    play(name: ToneName) {
      played.push(`+${name}`);
      return () => void played.push(`-${name}`);
    },
    unlock: () => void played.push('unlock'),
    setOutput: async (id: string) => void played.push(`output ${id}`),
    on(name: string, listener: (payload: undefined) => unknown) {
      told.set(name, () => listener(undefined));
      return () => told.delete(name);
    },
    close: async () => {
      isClosed = true;
    },
    [Symbol.asyncDispose]: async () => {},
  } satisfies Tones;
  return { tones, played, told, isClosed: () => isClosed };
}

function setUp() {
  const fake = createFakePhone();
  const { tones, played, told, isClosed } = recordTones();
  const ringer = createRinger(fake.phone, { tones }, { clock: fake.clock });
  /** What was played since this was last asked. */
  const heard = (): string => played.splice(0).join(' ');
  return { ...fake, ringer, heard, told, isClosed };
}

describe('a ringer', () => {
  test('rings until the call is taken, and says that it has ended', () => {
    const { ring, peer, clock, heard } = setUp();
    const call = ring('alice');
    expect(heard()).toBe('+ring');
    call.accept();
    expect(heard()).toBe('-ring');
    peer(call).hangUp();
    expect(heard()).toBe('+ended');
    clock.advance(1_000);
    expect(heard()).toBe('-ended');
    expect(clock.pending).toBe(0);
  });

  test('stops when the caller gives up, without another sound', () => {
    const { ring, peer, heard } = setUp();
    const call = ring('alice');
    peer(call).hangUp();
    expect(heard()).toBe('+ring -ring');
  });

  test('rings softly while another call is on', () => {
    const { ring, peer, heard } = setUp();
    ring('alice').accept();
    heard();
    const second = ring('bob');
    expect(heard()).toBe('+call-waiting');
    peer(second).hangUp();
    expect(heard()).toBe('-call-waiting');
  });

  test('plays what the caller hears: ring-back, then silence', async () => {
    const { phone, peer, heard } = setUp();
    const call = await phone.dial('user:bob');
    expect(heard()).toBe('');
    peer(call).ring();
    expect(heard()).toBe('+ring-back');
    peer(call).accept();
    expect(heard()).toBe('-ring-back');
  });

  test('busy and congestion, for a while', async () => {
    const { phone, setReach, clock, heard, ringer } = setUp();
    setReach('bob', 'busy');
    setReach('carol', 'offline');
    await phone.dial('user:bob');
    expect([heard(), ringer.tone]).toEqual(['+busy', 'busy']);
    await phone.dial('user:carol');
    expect(heard()).toBe('-busy +congestion');
    clock.advance(4_000);
    expect([heard(), ringer.tone]).toEqual(['-congestion', null]);
  });

  test('who dials again, or talks again, hears no more of the call that ended', async () => {
    const { phone, setReach, ring, clock, heard } = setUp();
    setReach('bob', 'busy');
    await phone.dial('user:bob');
    expect(heard()).toBe('+busy');
    const call = await phone.dial('user:carol');
    expect(heard()).toBe('-busy');
    call.hangUp();
    const first = ring('alice');
    first.accept();
    await phone.dial('user:bob');
    expect([first.holding, heard()]).toEqual(['local', '+ring -ring +busy']);
    first.mute();
    expect(heard()).toBe('');
    first.resume();
    expect(heard()).toBe('-busy');
    clock.advance(10_000);
    expect(heard()).toBe('');
  });

  test('a call that comes in cuts off the tone of an end', async () => {
    const { phone, setReach, ring, clock, heard } = setUp();
    setReach('bob', 'busy');
    await phone.dial('user:bob');
    const call = ring('alice');
    expect(heard()).toBe('+busy -busy +ring');
    clock.advance(10_000);
    expect(heard()).toBe('');
    call.decline();
    expect(heard()).toBe('-ring');
  });

  test('an end is not heard over a tone that goes on', async () => {
    const { phone, ring, peer, heard } = setUp();
    const first = ring('alice');
    first.accept();
    const second = await phone.dial('user:bob');
    peer(second).ring();
    heard();
    peer(first).hangUp();
    expect(heard()).toBe('');
    second.hangUp();
    expect(heard()).toBe('-ring-back');
  });

  test('who waits after a transfer hears that it rings', () => {
    const { ring, peer, heard } = setUp();
    const call = ring('alice');
    call.accept();
    heard();
    peer(call).transfer('carol');
    expect(heard()).toBe('+ring-back');
    peer(call, 'carol').accept();
    expect(heard()).toBe('-ring-back');
  });

  test('a merged call ends in silence', async () => {
    const { ring, heard } = setUp();
    const first = ring('alice');
    first.accept();
    const second = ring('bob');
    second.accept();
    heard();
    await first.merge(second);
    expect(heard()).toBe('');
  });

  test('plays for a call that was there before', () => {
    const { phone, ring, clock } = createFakePhone();
    ring('alice');
    const { tones, played } = recordTones();
    createRinger(phone, { tones }, { clock });
    expect(played).toEqual(['+ring']);
  });

  test('closed, it is silent, and leaves the tones of the host alone', () => {
    const { ring, ringer, clock, heard, isClosed } = setUp();
    ring('alice');
    ringer.close();
    ringer.close();
    ring('bob').accept();
    clock.advance(10_000);
    expect([heard(), isClosed(), ringer.tone]).toEqual(['+ring -ring', false, null]);
  });

  test('passes on what is asked of its tones', async () => {
    const { ringer, heard, told } = setUp();
    ringer.unlock();
    await ringer.setOutput('speaker');
    expect([heard(), ringer.blocked]).toEqual(['unlock output speaker', false]);
    const events: string[] = [];
    const off = ringer.on('ringer.blocked', () => events.push('blocked'));
    ringer.on('ringer.unblocked', () => events.push('unblocked'));
    told.get('tones.blocked')!();
    told.get('tones.unblocked')!();
    off();
    expect([events, [...told.keys()]]).toEqual([['blocked', 'unblocked'], ['tones.unblocked']]);
  });

  test('makes its own tones, and opens nothing of a browser before the first', () => {
    const { phone } = createFakePhone();
    createRinger(phone).close();
    expect(() => createRinger(phone, { region: 'mars' as never })).toThrow('region');
  });
});
