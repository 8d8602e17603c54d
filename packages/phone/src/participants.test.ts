import { describe, expect, test } from 'vitest';
import type { ParticipantView } from '@ringfence/call-machine';
import { sampleCall } from '@ringfence/call-rules/testing';
import { changedParticipants, isRingingHere } from './participants.ts';

const view = (id: string, change: Partial<ParticipantView> = {}): ParticipantView => ({
  id,
  address: `user:${id}`,
  userId: id,
  role: 'member',
  invitedBy: null,
  self: false,
  state: 'active',
  leftReason: null,
  legId: null,
  held: false,
  muted: false,
  camera: false,
  ...change,
});

describe('who changed', () => {
  const { facts } = sampleCall('ended');

  test('who came, who changed and who went, in this order', () => {
    const before = [view('me'), view('p1'), view('p2')];
    const now = [view('me'), view('p2', { muted: true }), view('p3', { state: 'ringing' })];
    expect(changedParticipants(before, now, facts)).toEqual([
      view('p2', { muted: true }),
      view('p3', { state: 'ringing' }),
      view('p1', { state: 'left', leftReason: 'completed' }),
    ]);
  });

  test('whom one asked for and who is confirmed, or refused, does not go', () => {
    const before = [view('r1', { state: 'inviting' })];
    expect(changedParticipants(before, [], null)).toEqual([]);
  });

  test('nobody, when all is as it was', () => {
    expect(changedParticipants([view('p1')], [view('p1')], facts)).toEqual([]);
  });
});

test('a call rings here while its own participant does', () => {
  const self = (state: ParticipantView['state']) => [view('p2', { self: true, state })];
  expect(isRingingHere({ state: 'ringing', participants: self('ringing') })).toBe(true);
  // Who was left behind by a transfer waits for somebody else.
  expect(isRingingHere({ state: 'ringing', participants: self('connecting') })).toBe(false);
  expect(isRingingHere({ state: 'accepting', participants: self('ringing') })).toBe(false);
  expect(isRingingHere({ state: 'ringing', participants: [] })).toBe(false);
});
