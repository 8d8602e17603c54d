import { beforeEach, expect, it } from 'vitest';
import { defaultSettings } from '@ringfence/call-rules';
import { sampleCall } from '@ringfence/call-rules/testing';
import { Assumptions } from './assumptions.ts';
import { Directory } from './directory.ts';
import type { CommitResult, Guard } from './ports.ts';

const orgId = 'acme';
const away = { ...defaultSettings, doNotDisturb: true, version: 3 };

let directory: Directory;
let assumptions: Assumptions;

/** A device on another instance, which is enough to be reached. */
function device(userId: string, callWaiting: boolean): void {
  const where = { kind: 'elsewhere', instance: 'x' } as const;
  directory.set({ orgId, userId, deviceId: 'phone', callWaiting, since: 0, where });
}

function guards(): Guard[] {
  const added: Guard[] = [];
  assumptions.addGuards(added);
  return added;
}

function disprove(
  guard: Guard,
  met: Partial<Extract<CommitResult, { readonly outcome: 'conflict' }>> = {},
): void {
  assumptions.disprove({ outcome: 'conflict', guard, facts: null, settings: null, ...met });
}

beforeEach(() => {
  directory = new Directory();
  device('alice', true);
  device('bob', true);
  device('carol', false);
  assumptions = new Assumptions({ orgId, userId: 'alice' }, { callsPerUser: 4, directory });
});

it('holds a write to what was read, and to nothing else', () => {
  const bob = assumptions.reach('bob');
  expect([bob.deviceIds, guards()]).toEqual([['phone'], []]);
  expect(bob.settings).toEqual(defaultSettings);
  expect(guards()).toEqual([{ guard: 'user.settings', orgId, userId: 'bob', version: 0 }]);
  disprove({ guard: 'time.before', at: 0 });
  expect(bob.busy).toBe(false);
  expect(guards()).toEqual([{ guard: 'user.engaged', orgId, userId: 'bob', atMost: 3 }]);
});

it('puts crossing calls before all else', () => {
  expect([assumptions.reach('alice').busy, assumptions.reach('bob').crossing]).toEqual([
    false,
    undefined,
  ]);
  expect(guards().map(({ guard }) => guard)).toEqual(['pair.free', 'user.engaged']);
  expect(guards()[0]).toEqual({ guard: 'pair.free', orgId, fromUserId: 'bob', toUserId: 'alice' });
});

it('allows one call to who has no device that takes more, but not to who acts', () => {
  device('alice', false);
  for (const userId of ['alice', 'bob', 'carol']) void assumptions.reach(userId).busy;
  expect(guards()).toMatchObject([{ atMost: 3 }, { atMost: 3 }, { atMost: 0 }]);
});

it('asks nothing of who is not rung: nobody there, not to be disturbed, known to be busy', () => {
  directory.learnSettings(orgId, 'carol', away);
  for (const userId of ['nobody', 'carol', 'bob']) void assumptions.reach(userId).busy;
  expect(guards()).toEqual([{ guard: 'user.engaged', orgId, userId: 'bob', atMost: 3 }]);
  disprove(guards()[0]!);
  expect(assumptions.reach('bob').busy).toBe(true);
  expect(guards()).toEqual([]);
});

it('takes settings in that the store has', () => {
  void assumptions.reach('bob').settings;
  expect(assumptions.unproven).toEqual(['bob']);
  disprove(guards()[0]!, { settings: away });
  expect(assumptions.reach('bob').settings).toBe(away);
  expect(guards()).toEqual([{ guard: 'user.settings', orgId, userId: 'bob', version: 3 }]);
  expect(assumptions.unproven).toEqual([]);
  expect(guards()).toHaveLength(1);
  expect([assumptions.prove('bob', away), guards().length]).toEqual([false, 1]);
  expect([assumptions.prove('bob', null), guards().length]).toEqual([true, 0]);
});

it('takes a crossing call in while it rings between the two, and lets go of it after', () => {
  const ringing = sampleCall('ringing').facts;
  const callId = ringing.call.id;
  const pair: Guard = { guard: 'pair.free', orgId, fromUserId: 'bob', toUserId: 'alice' };
  void assumptions.reach('bob').crossing;
  disprove(pair, { facts: ringing });
  expect(assumptions.reach('bob').crossing).toBe(ringing);
  expect(guards()).toEqual([]);
  disprove({ guard: 'call.seq', callId: 'another', seq: 1 });
  expect(assumptions.reach('bob').crossing).toBe(ringing);
  disprove({ guard: 'call.seq', callId, seq: 1 }, { facts: sampleCall('connecting').facts });
  expect(assumptions.reach('bob').crossing).toBeUndefined();
  expect(guards()).toEqual([pair]);
});
