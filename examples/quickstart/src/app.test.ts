import { createFakePhone } from '@ringfence/phone/testing';
import { expect, test } from 'vitest';
import { createApp } from './app.ts';
import type { Screen } from './app.ts';
import { SignInError } from './session.ts';
import type { Session } from './session.ts';

function withPhone(openSession?: () => Promise<Session>) {
  const fake = createFakePhone();
  const remembered: string[] = [];
  const session: Session = {
    phone: fake.phone,
    isSilenced: false,
    onSilenced: () => {},
    ringOn: async () => {},
    unlock: () => {},
    close: () => fake.phone.close(),
  };
  const app = createApp({
    openSession: openSession ?? (async () => session),
    rememberName: (name) => remembered.push(name),
    forgetName: () => remembered.pop(),
  });
  return { ...fake, app, remembered };
}

async function signedIn() {
  const all = withPhone();
  await all.app.signIn('me');
  return all;
}

/** What is on the screen: its name, and whose calls are large, small, and asking. */
function shown(screen: Screen) {
  switch (screen.name) {
    case 'lines':
      return [
        'lines',
        screen.front.call.peer.userId,
        screen.others.map(({ call }) => call.peer.userId),
        screen.asking.map(({ peer }) => peer.userId),
      ];
    case 'incoming':
      return ['incoming', screen.call.peer.userId, screen.others.map(({ peer }) => peer.userId)];
    case 'summary':
      return ['summary', screen.past.call.peer.userId, screen.past.call.end?.reason];
    case 'welcome':
    case 'home':
      return [screen.name];
  }
}

test('who signs in is remembered, and forgotten at leaving', async () => {
  const { app, remembered } = withPhone();
  await app.signIn(' ');
  expect(app.screen).toEqual({ name: 'welcome', isBusy: false, problem: 'name_needed' });
  await app.signIn('Anna María');
  expect([app.screen.name, app.userId, remembered]).toEqual(['home', 'anna-maria', ['Anna María']]);
  await app.signOut();
  expect([app.screen.name, app.userId, app.phone, remembered]).toEqual(['welcome', null, null, []]);
});

test('a sign-in that does not work says why', async () => {
  const { app } = withPhone(() => Promise.reject(new SignInError('no_server')));
  await app.signIn('me');
  expect(app.screen).toEqual({ name: 'welcome', isBusy: false, problem: 'no_server' });
});

test('a call comes in, is taken, ends, and is told', async () => {
  const { app, ring, peer } = await signedIn();
  const call = ring('alice');
  expect(shown(app.screen)).toEqual(['incoming', 'alice', []]);
  call.accept();
  expect(shown(app.screen)).toEqual(['lines', 'alice', [], []]);
  peer(call).hangUp();
  await call.ended();
  expect(shown(app.screen)).toEqual(['summary', 'alice', 'completed']);
  expect(app.history.map((past) => past.call)).toEqual([call]);
  app.dismiss();
  expect(app.screen).toEqual({ name: 'home', problem: null });
});

test('calls that ring together are asked in the order they came', async () => {
  const { app, ring, peer } = await signedIn();
  const alice = ring('alice');
  const bob = ring('bob');
  expect(shown(app.screen)).toEqual(['incoming', 'alice', ['bob']]);
  peer(alice).hangUp();
  await alice.ended();
  expect(shown(app.screen)).toEqual(['incoming', 'bob', []]);
  expect(app.note).toEqual({ kind: 'over', call: alice });
  bob.decline();
  await bob.ended();
  expect(shown(app.screen)).toEqual(['summary', 'bob', 'declined']);
});

test('a second call asks beside the first; taking it holds the first; swapping brings it back', async () => {
  const { app, ring } = await signedIn();
  const alice = ring('alice');
  alice.accept();
  const bob = ring('bob');
  expect(shown(app.screen)).toEqual(['lines', 'alice', [], ['bob']]);
  bob.accept();
  expect(shown(app.screen)).toEqual(['lines', 'bob', ['alice'], []]);
  app.attempt(alice.swap());
  expect(shown(app.screen)).toEqual(['lines', 'alice', ['bob'], []]);
  bob.hangUp();
  await bob.ended();
  expect(shown(app.screen)).toEqual(['lines', 'alice', [], []]);
  expect(app.note).toEqual({ kind: 'over', call: bob });
});

test('the news of an older call do not take the screen from a newer one', async () => {
  const { app, phone, ring } = await signedIn();
  await app.dial('bob', { video: false });
  const [outgoing] = phone.calls;
  ring('alice').accept();
  outgoing!.mute();
  expect(shown(app.screen)).toEqual(['lines', 'alice', ['bob'], []]);
});

test('a call that is dialed beside another is large, and the other is held', async () => {
  const { app, ring } = await signedIn();
  const alice = ring('alice');
  alice.accept();
  await app.dial('Bob', { video: false });
  expect(shown(app.screen)).toEqual(['lines', 'bob', ['alice'], []]);
  expect(alice.holding).toBe('local');
});

test('whom one dials while they ring here, one talks to', async () => {
  const { app, ring } = await signedIn();
  const alice = ring('alice');
  await app.dial('alice', { video: false });
  expect(shown(app.screen)).toEqual(['lines', 'alice', [], []]);
  expect(alice.state).toBe('active');
});

test('a call passed on rings here again when nobody takes it', async () => {
  const { app, ring, peer } = await signedIn();
  const call = ring('alice');
  call.accept();
  app.attempt(call.transfer('user:carol'));
  await call.ended();
  expect(shown(app.screen)).toEqual(['summary', 'alice', 'transferred']);
  peer(call, 'carol').decline();
  expect(shown(app.screen)).toEqual(['incoming', 'alice', []]);
});

test('two lines are connected, and the summary tells of it', async () => {
  const { app, ring } = await signedIn();
  const alice = ring('alice');
  alice.accept();
  const bob = ring('bob');
  bob.accept();
  app.attempt(alice.transfer(bob));
  await Promise.all([alice.ended(), bob.ended()]);
  expect(app.screen).toMatchObject({
    name: 'summary',
    past: { call: { end: { reason: 'transferred' } } },
  });
});

test('two lines become one room, without a word of an end', async () => {
  const { app, ring } = await signedIn();
  const alice = ring('alice');
  alice.accept();
  const bob = ring('bob');
  bob.accept();
  app.attempt(alice.merge(bob));
  await bob.ended();
  expect(shown(app.screen)).toEqual(['lines', 'alice', [], []]);
  expect(alice.participants.map(({ userId }) => userId)).toEqual(['me', 'alice', 'bob']);
  expect(app.note).toBeNull();
});

test('what is refused is said, with whom it was about, and taken back', async () => {
  const { app, ring, setReach } = await signedIn();
  const call = ring('alice');
  call.accept();
  setReach('carol', 'busy');
  const invited = call.invite('user:carol');
  expect(call.participants.map(({ userId, state }) => [userId, state])).toContainEqual([
    'carol',
    'inviting',
  ]);
  app.attempt(invited, 'Carol');
  await invited.catch(() => undefined);
  expect(call.participants.map(({ userId }) => userId)).toEqual(['me', 'alice']);
  expect(app.note).toMatchObject({
    kind: 'refused',
    name: 'Carol',
    error: { code: 'callee_unavailable', details: { endReason: 'busy' } },
  });
});

test("a moderator's wish for silence is told", async () => {
  const { app, ring, peer } = await signedIn();
  const call = ring('alice');
  call.accept();
  peer(call).requestMute('me');
  expect([call.muted, app.note]).toEqual([true, { kind: 'mute-requested', name: 'Alice' }]);
});

test('a name that cannot be called is told at home, or in the call that runs', async () => {
  const { app, ring } = await signedIn();
  await app.dial('me', { video: false });
  expect(app.screen).toMatchObject({
    name: 'home',
    problem: { error: { code: 'cannot_dial_self' }, name: 'Me' },
  });
  ring('alice').accept();
  await app.dial('me', { video: false });
  expect(app.note).toMatchObject({ kind: 'refused', error: { code: 'cannot_dial_self' } });
});

test('settings are saved, or the refusal is given', async () => {
  const { app, phone } = await signedIn();
  const settings = {
    doNotDisturb: true,
    forwardOnBusy: 'user:carol',
    forwardOnNoAnswer: null,
  } as const;
  expect(await app.saveSettings(settings)).toBeNull();
  expect(phone.settings).toEqual(settings);
  expect(await app.saveSettings({ ...settings, forwardOnBusy: 'user:me' })).toMatchObject({
    error: { code: 'cannot_dial_self' },
  });
  expect(phone.settings).toEqual(settings);
});

test('signing out shows nothing of the calls that are hung up by it', async () => {
  const { app, ring } = await signedIn();
  const call = ring('alice');
  call.accept();
  await app.signOut();
  expect([call.state, app.screen.name, app.history]).toEqual(['ended', 'welcome', []]);
});

test('where it rings is kept when the browser allows it, and stays when it does not', async () => {
  const fake = createFakePhone();
  const app = createApp({
    openSession: async () => ({
      phone: fake.phone,
      isSilenced: false,
      onSilenced: () => {},
      ringOn: (deviceId) =>
        deviceId === 'gone' ? Promise.reject(new Error('gone')) : Promise.resolve(),
      unlock: () => {},
      close: () => fake.phone.close(),
    }),
    rememberName: () => {},
    forgetName: () => {},
  });
  await app.signIn('me');
  await app.ringOn('loudspeaker');
  expect(app.ringOutput).toBe('loudspeaker');
  await expect(app.ringOn('gone')).rejects.toThrow('gone');
  expect(app.ringOutput).toBe('loudspeaker');
});
