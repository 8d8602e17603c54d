import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { settle } from '@ringfence/base/testing';
import type { RequestBody, RequestName } from '@ringfence/protocol';
import type { TestClient } from '@ringfence/signaling-server/testing';
import { join, rig, talk, talking, users } from './rig.ts';
import type { Pair, Rig } from './rig.ts';

const offer = { kind: 'offer', sdp: 'v=0\r\n' } as const;
const none = { doNotDisturb: false, forwardOnBusy: null, forwardOnNoAnswer: null };

/**
 * Each case asks for something odd in a room of Mallory's (who dialed), Nick and Olga (a guest whom
 * Nick invited). What comes back is checked, that nothing of the room changed, and that a call of
 * others goes on.
 */
describe('bad input in rooms', () => {
  let made: Rig;
  let bystanders: Pair;
  let eventsBefore: number;
  let mallory: TestClient;
  let nick: TestClient;
  let olga: TestClient;
  let callId: string;

  beforeEach(async () => {
    made = rig();
    bystanders = await talking(made);
    ({ mallory, nick, olga } = await users(made, 'mallory', 'nick', 'olga'));
    callId = await talk(mallory, nick, 'nick');
    await join(nick, callId, olga, 'olga', 'guest');
    eventsBefore = bystanders.bob.events.length;
  });

  afterEach(async () => {
    const { alice, bob } = bystanders;
    expect(bob.events.filter((event) => event.name !== 'beat')).toHaveLength(eventsBefore);
    const { events } = await alice.ok('call.hang-up', { callId: bystanders.callId });
    expect(events.at(-1)).toMatchObject({ type: 'call.ended', reason: 'completed' });
    expect(made.logger.lines.filter((line) => line.level === 'error')).toEqual([]);
  });

  /** What comes back of some requests; the room must not have changed by them. */
  async function answersOf(
    asks: readonly (() => Promise<unknown>)[],
    room = callId,
  ): Promise<unknown[]> {
    const before = await made.store.inner.load('acme', room);
    const answers: unknown[] = [];
    for (const ask of asks) answers.push(await ask());
    expect(await made.store.inner.load('acme', room)).toBe(before);
    return answers;
  }

  const refused =
    <Name extends RequestName>(client: TestClient, name: Name, body: RequestBody<Name>) =>
    () =>
      client.refusal(name, body);

  it('to invite, or to transfer to, oneself (P-924)', async () => {
    const answers = await answersOf([
      refused(mallory, 'call.invite', { callId, to: 'user:mallory' }),
      refused(mallory, 'call.transfer', { callId, to: 'user:mallory' }),
    ]);
    expect(answers).toEqual(['cannot_dial_self', 'cannot_dial_self']);
  });

  it('to invite, or to transfer to, nobody, or another organisation: all the same (P-925)', async () => {
    await made.client({ userId: 'zoe', orgId: 'other' });
    const offline = await made.client({ userId: 'peggy' });
    offline.cut(1000);
    const ask = (name: 'call.invite' | 'call.transfer', to: string) => () =>
      mallory.request(name, { callId, to });
    const answers = await answersOf(
      ['user:nobody', 'user:zoe', 'user:peggy'].flatMap((to) => [
        ask('call.invite', to),
        ask('call.transfer', to),
      ]),
    );
    const { id: _, ...nobody } = answers[0] as { id?: string };
    expect(nobody).toMatchObject({
      error: { code: 'callee_unavailable', details: { endReason: 'unreachable' } },
    });
    for (const answer of answers) expect(answer).toEqual(nobody);
  });

  it('anything of a call that has ended, also for oneself alone (P-926)', async () => {
    const endedId = await talk(mallory, nick, 'nick');
    await mallory.ok('call.hang-up', { callId: endedId });
    await olga.ok('call.hang-up', { callId });
    await made.clock.advanceAsync(1);
    const all = (client: TestClient, id: string) => [
      refused(client, 'call.invite', { callId: id, to: 'user:alice' }),
      refused(client, 'call.remove', { callId: id, participantId: 'p2' }),
      refused(client, 'call.request-mute', { callId: id, participantId: 'p2' }),
      refused(client, 'call.transfer', { callId: id, to: 'user:alice' }),
      refused(client, 'call.transfer', { callId: id, toCallId: callId }),
      refused(client, 'call.merge', { callId: id, fromCallId: callId }),
    ];
    const codes = await answersOf([...all(mallory, endedId), ...all(olga, callId)]);
    expect(codes).toEqual(Array.from({ length: 12 }, () => 'call_ended'));
  });

  it('more than a call holds (P-927)', async () => {
    const { peggy, quinn } = await users(made, 'peggy', 'quinn');
    await mallory.ok('call.invite', { callId, to: 'user:peggy' });
    const otherId = await talk(mallory, quinn, 'quinn');
    const answers = await answersOf([
      refused(mallory, 'call.invite', { callId, to: 'user:alice' }),
      refused(mallory, 'call.merge', { callId, fromCallId: otherId }),
    ]);
    expect(answers).toEqual(['call_full', 'call_full']);
    // In all its life a call sees 30.
    for (let n = 4; n < 30; n += 1) {
      await mallory.ok('call.remove', { callId, participantId: `p${n}` });
      await mallory.ok('call.invite', { callId, to: 'user:peggy' });
    }
    await mallory.ok('call.remove', { callId, participantId: 'p30' });
    expect(await mallory.refusal('call.invite', { callId, to: 'user:peggy' })).toBe('call_full');
    expect(peggy.closed).toBeNull();
  });

  it('a call with itself (P-928)', async () => {
    const answers = await answersOf([
      refused(mallory, 'call.transfer', { callId, toCallId: callId }),
      refused(mallory, 'call.merge', { callId, fromCallId: callId }),
    ]);
    expect(answers).toEqual(['same_call', 'same_call']);
  });

  it('a call that is foreign, unknown or over to join with (P-929)', async () => {
    const twin = await made.client({ userId: 'mallory', orgId: 'other' });
    const friend = await made.client({ userId: 'nick', orgId: 'other' });
    const elsewhere = await talk(twin, friend, 'nick');
    const endedId = await talk(mallory, nick, 'nick');
    await nick.ok('call.hang-up', { callId: endedId });
    const ids = [bystanders.callId, elsewhere, mallory.callId(), endedId];
    const answers = await answersOf(
      ids.flatMap((id) => [
        refused(mallory, 'call.transfer', { callId, toCallId: id }),
        refused(mallory, 'call.merge', { callId, fromCallId: id }),
      ]),
    );
    expect(answers).toEqual([
      ...Array.from({ length: 6 }, () => 'call_not_found'),
      'call_ended',
      'call_ended',
    ]);
    const foreign = [elsewhere, bystanders.callId];
    for (const id of foreign) {
      expect((await made.store.inner.load(id === elsewhere ? 'other' : 'acme', id))!.call).toEqual(
        expect.objectContaining({ state: 'active' }),
      );
    }
  });

  it('a transfer to both, or to neither; an unknown role (P-930, P-936)', async () => {
    const ask = (name: string, body: object) => async () => {
      const outcome = await mallory.request(name as 'call.ring', body as { callId: string });
      const { error } = outcome as { error: { code: string; details?: unknown } };
      return [error.code, error.details];
    };
    const to = 'user:alice';
    const answers = await answersOf([
      ask('call.transfer', { callId, to, toCallId: callId }),
      ask('call.transfer', { callId }),
      ask('call.invite', { callId, to, role: 'moderator' }),
      ask('call.invite', { callId, to, role: 'king' }),
      ask('call.invite', { callId, to, role: '__proto__' }),
    ]);
    expect(answers).toEqual([
      ['invalid_request', { path: 'body.toCallId' }],
      ['invalid_request', { path: 'body.to' }],
      ['invalid_request', { path: 'body.role' }],
      ['invalid_request', { path: 'body.role' }],
      ['invalid_request', { path: 'body.role' }],
    ]);
  });

  it('what a role does not allow (P-931)', async () => {
    const olgaId = await talk(olga, nick, 'nick');
    const answers = await answersOf([
      refused(olga, 'call.invite', { callId, to: 'user:alice' }),
      refused(olga, 'call.transfer', { callId, to: 'user:alice' }),
      refused(olga, 'call.transfer', { callId, toCallId: olgaId }),
      refused(olga, 'call.merge', { callId, fromCallId: olgaId }),
      refused(olga, 'call.transfer', { callId: olgaId, toCallId: callId }),
      refused(olga, 'call.remove', { callId, participantId: 'p2' }),
      refused(olga, 'call.request-mute', { callId, participantId: 'p2' }),
      refused(nick, 'call.remove', { callId, participantId: 'p1' }),
      refused(nick, 'call.request-mute', { callId, participantId: 'p3' }),
    ]);
    expect(answers).toEqual(Array.from({ length: 9 }, () => 'not_permitted'));
  });

  it('to take a room elsewhere that one may not end for all (P-837, P-931)', async () => {
    const { quinn } = await users(made, 'quinn');
    const aside = await talk(nick, quinn, 'quinn');
    const answers = await answersOf([
      refused(nick, 'call.merge', { callId: aside, fromCallId: callId }),
      refused(nick, 'call.transfer', { callId: aside, toCallId: callId }),
    ]);
    expect(answers).toEqual(['not_permitted', 'not_permitted']);
    await nick.ok('call.transfer', { callId, toCallId: aside });
  });

  it('a call one has left: how one left it, and never what came later (P-832)', async () => {
    const { quinn } = await users(made, 'quinn');
    const aside = await talk(olga, quinn, 'quinn');
    await olga.ok('call.hang-up', { callId });
    const ask = async () => [
      await olga.request('call.merge', { callId: aside, fromCallId: callId }),
      await olga.request('call.update', { callId, muted: true }),
    ];
    const before = await ask();
    expect(before).toMatchObject(Array(2).fill({ error: { code: 'call_ended' } }));
    await made.clock.advanceAsync(1_000);
    await mallory.ok('call.hang-up', { callId, everyone: true });
    expect(await ask()).toEqual(before);
  });

  it('to remove or to mute who is not there, or oneself (P-932)', async () => {
    await mallory.ok('call.invite', { callId, to: 'user:alice' });
    await mallory.ok('call.remove', { callId, participantId: 'p4' });
    await mallory.ok('call.invite', { callId, to: 'user:bob' });
    eventsBefore = bystanders.bob.events.length;
    const answers = await answersOf(
      (['call.remove', 'call.request-mute'] as const).flatMap((name) =>
        ['p9', 'p4', 'p0', 'l1', '__proto__', '\ud800', 'x'.repeat(128), 'p1'].map(
          (participantId) => refused(mallory, name, { callId, participantId }),
        ),
      ),
    );
    const gone = [...Array<string>(7).fill('participant_not_found'), 'wrong_state'];
    expect(answers).toEqual([...gone, ...gone]);
    // Who rings cannot be asked to mute.
    expect(
      await answersOf([refused(mallory, 'call.request-mute', { callId, participantId: 'p5' })]),
    ).toEqual(['wrong_state']);
  });

  it('to invite who is there, or on the way (P-933)', async () => {
    await users(made, 'peggy');
    await mallory.ok('call.invite', { callId, to: 'user:peggy' });
    const answers = await answersOf([
      refused(mallory, 'call.invite', { callId, to: 'user:nick' }),
      refused(mallory, 'call.invite', { callId, to: 'user:peggy' }),
      refused(nick, 'call.transfer', { callId, to: 'user:olga' }),
    ]);
    expect(answers).toEqual(['already_there', 'already_there', 'already_there']);
  });

  it('media of no leg, of one’s own, of one that left, of another epoch (P-934)', async () => {
    await olga.ok('call.hang-up', { callId });
    const { seq } = (await made.store.inner.load('acme', callId))!.call;
    const report = (legId: string, mediaEpoch = 1) => ({
      callId,
      mediaEpoch,
      legId,
      connected: true,
    });
    const nothing = { callId, seq, events: [] };
    const answers = await answersOf([
      refused(mallory, 'call.media', report('l9')),
      refused(mallory, 'call.media', report('l1')),
      () => mallory.ok('call.media', report('l3')),
      () => mallory.ok('call.media', report('l2', 2)),
    ]);
    expect(answers).toEqual(['wrong_state', 'wrong_state', nothing, nothing]);
  });

  it('settings that forward to oneself, to nonsense, to what is not served (P-935)', async () => {
    const answers = await answersOf([
      refused(mallory, 'settings.update', { forwardOnBusy: 'user:mallory' }),
      refused(mallory, 'settings.update', { forwardOnNoAnswer: 'user:mallory' }),
      refused(mallory, 'settings.update', { doNotDisturb: true, forwardOnBusy: 'nonsense' }),
      refused(mallory, 'settings.update', { forwardOnNoAnswer: 'tel:+49301234' }),
      refused(mallory, 'settings.update', { forwardOnBusy: 'queue:sales' }),
    ]);
    expect(answers).toEqual([
      'cannot_dial_self',
      'cannot_dial_self',
      'invalid_address',
      'address_unsupported',
      'address_unsupported',
    ]);
    expect(await mallory.ok('settings.update', {})).toEqual(none);
    expect(await made.store.inner.settingsOf('acme', 'mallory')).toBeNull();
  });

  it('signals to and from a leg that left go nowhere (P-937)', async () => {
    await olga.ok('call.hang-up', { callId });
    const signal = { callId, mediaEpoch: 1, n: 1, afterSeq: 1, body: offer };
    const acknowledgement = { callId, mediaEpoch: 1, n: 1 };
    for (const toLeg of ['l1', 'l2']) {
      olga.notice('signal', { ...signal, toLeg });
      olga.notice('signal.ack', { ...acknowledgement, toLeg });
    }
    for (const client of [mallory, nick]) {
      client.notice('signal', { ...signal, toLeg: 'l3' });
      client.notice('signal.ack', { ...acknowledgement, toLeg: 'l3' });
    }
    await settle();
    for (const client of [mallory, nick, olga]) {
      expect([...client.of('signal'), ...client.of('signal.ack'), client.closed]).toEqual([null]);
    }
  });

  it('a grant for TURN to a device that takes no part in the call (P-834)', async () => {
    const tablet = await made.client({ userId: 'mallory', device: 'tablet' });
    await olga.ok('call.hang-up', { callId });
    const stranger = await made.client({ userId: 'peggy' });
    const answers = await answersOf(
      [tablet, olga, stranger].map((client) => refused(client, 'call.ice-servers', { callId })),
    );
    expect(answers).toEqual(['wrong_state', 'call_ended', 'call_not_found']);
    await nick.ok('call.ice-servers', { callId });
  });
});
