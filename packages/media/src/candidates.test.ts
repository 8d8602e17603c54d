import { FakeClock } from '@ringfence/base/testing';
import { LIMITS } from '@ringfence/protocol';
import type { SignalCandidate } from '@ringfence/protocol';
import { expect, test } from 'vitest';
import { CandidateBatch } from './candidates.ts';

const candidate = (text: string): RTCIceCandidate =>
  ({
    candidate: text,
    sdpMid: '0',
    sdpMLineIndex: 0,
    usernameFragment: 'abcd',
    // What a browser has besides must not go over the wire, which refuses unknown fields.
    foundation: '1',
  }) as RTCIceCandidate;

function createBatch() {
  const clock = new FakeClock();
  const sent: { atMs: number; candidates: SignalCandidate[] }[] = [];
  const batch = new CandidateBatch(clock, 20, (candidates) =>
    sent.push({ atMs: clock.monotonic(), candidates }),
  );
  return { clock, sent, batch };
}

const wired = (text: string) => ({
  candidate: text,
  sdpMid: '0',
  sdpMLineIndex: 0,
  usernameFragment: 'abcd',
});

test('candidates of 20 ms go out together', () => {
  const { clock, sent, batch } = createBatch();
  batch.add(candidate('a'));
  clock.advance(19);
  batch.add(candidate('b'));
  clock.advance(1);
  batch.add(candidate('c'));
  clock.advance(100);
  expect(sent).toEqual([
    { atMs: 20, candidates: [wired('a'), wired('b')] },
    { atMs: 40, candidates: [wired('c')] },
  ]);
  expect(clock.pending).toBe(0);
});

test('the end of gathering sends what waits, once', () => {
  const { clock, sent, batch } = createBatch();
  batch.add(candidate('a'));
  batch.flush();
  batch.flush();
  expect(sent).toEqual([{ atMs: 0, candidates: [wired('a')] }]);
  expect(clock.pending).toBe(0);
});

test('a signal carries what the wire allows, and no candidate that is too long', () => {
  const { sent, batch } = createBatch();
  const { candidatesPerSignal: most, candidateLength } = LIMITS;
  batch.add(candidate('x'.repeat(candidateLength + 1)));
  for (let index = 0; index <= most; index += 1) batch.add(candidate(`c${index}`));
  batch.flush();
  expect(sent.map(({ candidates }) => candidates.length)).toEqual([most, 1]);
});

test('a stopped batch sends nothing', () => {
  const { clock, sent, batch } = createBatch();
  batch.add(candidate('a'));
  batch.stop();
  clock.advance(100);
  expect({ sent, pending: clock.pending }).toEqual({ sent: [], pending: 0 });
});
