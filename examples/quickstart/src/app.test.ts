import { createFakePhone } from '@ringfence/phone/testing';
import { expect, test } from 'vitest';
import { createApp } from './app.ts';

async function signedIn() {
  const fake = createFakePhone();
  const app = createApp({
    openPhone: async () => fake.phone,
    rememberName: () => {},
    forgetName: () => {},
  });
  await app.signIn('me');
  return { fake, app };
}

test('a call that rings here comes before the summary of one that could not be made', async () => {
  const { fake, app } = await signedIn();
  const dialing = app.dial('bob', { video: false });
  // Alice was first with the server, so that the dial is refused.
  const incoming = fake.ring('alice');
  await dialing;
  const outgoing = fake.phone.calls.find(({ direction }) => direction === 'outgoing');
  outgoing?.hangUp();
  await outgoing?.ended();
  expect(app.screen).toEqual({ name: 'incoming', call: incoming });
  incoming.accept();
  expect(app.screen).toMatchObject({ name: 'call', call: incoming });
  incoming.hangUp();
  await incoming.ended();
  expect(app.screen).toMatchObject({ name: 'summary', past: { call: incoming } });
  expect(app.history.map(({ call }) => call.peer.userId)).toEqual(['alice', 'bob']);
});

test('the news of an older call do not take the screen from a newer one', async () => {
  const { fake, app } = await signedIn();
  await app.dial('bob', { video: false });
  const [outgoing] = fake.phone.calls;
  const incoming = fake.ring('alice');
  outgoing!.mute();
  expect(app.screen).toEqual({ name: 'incoming', call: incoming });
});
