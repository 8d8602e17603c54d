import { describe, expect, test } from 'vitest';
import { isPermitted, permissions } from './permissions.ts';
import type { Action } from './permissions.ts';
import type { Participant, Role } from './facts.ts';
import { sampleCall } from './testing/index.ts';

const roles: readonly Role[] = ['moderator', 'member', 'guest'];
const [anyone] = sampleCall('active').facts.participants as [Participant];
const actor = (role: Role): Participant => ({ ...anyone, id: 'p3', role });
const target = (invitedBy: string): Participant => ({ ...anyone, id: 'p4', invitedBy });

describe.each(Object.keys(permissions) as Action[])('%s', (action) => {
  test.each(roles)('by a %s', (role) => {
    const permission = permissions[action][role];
    expect(isPermitted(actor(role), action, target('p3')), 'to whom they invited').toBe(
      permission !== 'no',
    );
    expect(isPermitted(actor(role), action, target('p1')), 'to another').toBe(permission === 'yes');
    expect(isPermitted(actor(role), action), 'to nobody').toBe(permission === 'yes');
  });
});

test.each(['dance', 'toString', '__proto__'])('%s is no action, and nobody may do it', (odd) => {
  expect(isPermitted(actor('moderator'), odd as Action, target('p3'))).toBe(false);
});

test('a guest may do none of it, a moderator all of it', () => {
  for (const allowed of Object.values(permissions)) {
    expect([allowed.moderator, allowed.guest]).toEqual(['yes', 'no']);
  }
});
