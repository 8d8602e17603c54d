import { describe, expect, test } from 'vitest';
import type { CallEnd, Holding } from '@ringfence/call-machine';
import type { Call } from '../call.ts';
import { dueTone, endTone } from './due-tone.ts';
import type { TonedCall } from './due-tone.ts';

function call(
  state: Call['state'],
  self: 'ringing' | 'connecting',
  holding: Holding = 'none',
): TonedCall {
  return { state, holding, participants: [{ self: true, state: self } as never] };
}

const rings = call('ringing', 'ringing');
const talks = call('active', 'connecting');
const dials = call('dialing', 'connecting');
const waits = call('ringing', 'connecting');
const over = call('ended', 'connecting');

describe('the tone that goes on', () => {
  test.each<[string, readonly TonedCall[], string | null]>([
    ['no call', [], null],
    ['one that ended', [over], null],
    ['a call comes in', [rings], 'ring'],
    ['two come in', [rings, rings], 'ring'],
    ['one comes in while another talks', [talks, rings], 'call-waiting'],
    ['one comes in while we dial', [dials, rings], 'call-waiting'],
    ['one comes in after another ended', [over, rings], 'ring'],
    ['we talk', [talks], null],
    ['nobody rings yet', [dials], null],
    ['it rings there', [waits], 'ring-back'],
    ['it rings there while we are on hold', [call('ringing', 'connecting', 'remote')], 'ring-back'],
    [
      'it rings there in a call that we hold',
      [call('ringing', 'connecting', 'local'), talks],
      null,
    ],
    ['it rings there, and here', [waits, rings], 'call-waiting'],
  ])('%s', (_what, calls, tone) => {
    expect(dueTone(calls)).toBe(tone);
  });
});

describe('the tone of an end', () => {
  const tone = (
    direction: Call['direction'],
    answeredAt: number | null,
    end: Partial<CallEnd>,
  ): string | undefined =>
    endTone({ direction, answeredAt }, { reason: 'completed', cause: null, by: null, ...end })
      ?.tone;

  test.each<[string, ReturnType<typeof tone>, string | undefined]>([
    ['a talk', tone('incoming', 1, { by: 'remote' }), 'ended'],
    ['a talk that we ended', tone('outgoing', 1, { by: 'local' }), 'ended'],
    ['busy', tone('outgoing', null, { reason: 'busy' }), 'busy'],
    ['declined', tone('outgoing', null, { reason: 'declined', by: 'remote' }), 'busy'],
    ['nobody there', tone('outgoing', null, { reason: 'unreachable' }), 'congestion'],
    ['no server', tone('outgoing', null, { reason: 'failed' }), 'congestion'],
    ['no answer', tone('outgoing', null, { reason: 'unanswered' }), 'ended'],
    ['no microphone', tone('outgoing', null, { reason: 'failed', by: 'local' }), undefined],
    ['our cancel', tone('outgoing', null, { reason: 'canceled', by: 'local' }), undefined],
    ['a missed call', tone('incoming', null, { reason: 'canceled', by: 'remote' }), undefined],
    ['answered elsewhere', tone('incoming', null, { reason: 'answered-elsewhere' }), undefined],
    ['passed on', tone('incoming', 1, { reason: 'transferred', by: 'local' }), undefined],
  ])('%s', (_what, found, expected) => {
    expect(found).toBe(expected);
  });
});
