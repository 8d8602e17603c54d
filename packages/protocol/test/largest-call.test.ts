import { decide, defaultSettings, resolveDeadlines, userAddress } from '@ringfence/call-rules';
import type { Actor, CallEvent, CallFacts, Reach, UserCommand } from '@ringfence/call-rules';
import { expect, test } from 'vitest';
import { LIMITS, readServerFrame, writeAnswer } from '../src/index.ts';

const callId = '018bcfe5-6800-7000-8000-000000000001';
const deadlines = resolveDeadlines();
const ringDevices = 4;

/** The longest ids there are. */
const long = (name: string): string => name.padEnd(64, 'x');
const devicesOf = (userId: string): readonly string[] =>
  Array.from({ length: ringDevices }, (_, index) => long(`${userId.slice(0, 8)}-${index}`));
const actor = (userId: string): Actor => ({
  orgId: 'o'.repeat(128),
  userId,
  deviceId: devicesOf(userId).at(-1)!,
});
const reach = (userId: string): Reach => ({
  deviceIds: devicesOf(userId),
  busy: false,
  settings: { ...defaultSettings, forwardOnNoAnswer: userAddress(long('elsewhere')) },
});

/** The call that grows until the rules let nobody more in; who comes leaves again. */
class GrowingCall {
  facts: CallFacts | null = null;
  readonly events: CallEvent[] = [];

  /** False when the rules refuse it. */
  take(who: Actor, command: UserCommand): boolean {
    const now = 1_700_000_000_000 + this.events.length;
    const decision = decide(this.facts, who, command, { callId, now, deadlines, reach });
    if (decision.refusal !== undefined) return false;
    this.facts = decision.facts;
    this.events.push(...decision.events);
    return true;
  }
}

function largestCall(): GrowingCall {
  const call = new GrowingCall();
  const alice = actor(long('alice'));
  const bob = actor(long('bob'));
  call.take(alice, {
    type: 'call.dial',
    to: userAddress(bob.userId),
    media: { audio: true, video: true },
  });
  call.take(bob, { type: 'call.accept' });
  for (let count = 0; ; count += 1) {
    const guest = actor(long(`guest-${count}`));
    if (!call.take(alice, { type: 'call.invite', to: userAddress(guest.userId) })) return call;
    expect(call.take(guest, { type: 'call.accept' })).toBe(true);
    call.take(guest, { type: 'call.hang-up', cause: 'permission_denied' });
  }
}

test('all that the rules let a call become fits a frame, with the longest ids (P-202, P-826)', () => {
  const { facts, events } = largestCall();
  expect(facts!.participants.length).toBeGreaterThanOrEqual(28);
  expect(facts!.legs.length).toBeGreaterThanOrEqual(110);
  const hold = (frame: string): void => {
    expect(readServerFrame(frame).kind).toBe('answer');
    expect(Buffer.byteLength(frame)).toBeLessThanOrEqual(LIMITS.frameBytes);
  };
  const id = 'c'.repeat(64);
  hold(writeAnswer(id, 'call.sync', { callId, snapshot: facts! }));
  for (let from = 0; from < events.length; from += 1) {
    const missed = events.slice(from, from + LIMITS.catchUpEvents);
    hold(writeAnswer(id, 'call.sync', { callId, events: missed }));
  }
});
