import { describe, expect, test } from 'vitest';
import type { CallEnd } from '../src/index.ts';
import { Pair, watch } from './phone-pair.ts';

const end = (
  reason: CallEnd['reason'],
  by: CallEnd['by'],
  cause: CallEnd['cause'] = null,
): CallEnd => ({ reason, cause, by });

const told = (seen: string[], ended: CallEnd, refused: string[] = []) => ({
  seen,
  ends: [ended],
  refused,
});

const outgoing = ['preparing', 'dialing', 'ringing', 'connecting', 'active'];
const incoming = ['ringing', 'accepting', 'connecting', 'active'];

describe('two phones and a server', () => {
  test('dial, ring, accept, talk, the caller hangs up', async () => {
    const pair = await Pair.make();
    const call = await pair.talk();
    expect([call.outgoing.state, call.incoming.state]).toEqual(['active', 'active']);
    expect(await call.outgoing.answered()).toBe(true);
    call.outgoing.hangUp();
    expect(call.outgoing.state).toBe('ended');
    await pair.pass(100);
    expect(call.caller).toEqual(told([...outgoing, 'ended'], end('completed', 'local')));
    expect(call.callee).toEqual(told([...incoming, 'ended'], end('completed', 'remote')));
    await pair.expectClean();
  });

  test('the callee hangs up', async () => {
    const pair = await Pair.make();
    const call = await pair.talk({ video: true });
    expect([call.outgoing.media, call.incoming.media]).toEqual([
      { audio: true, video: true },
      { audio: true, video: true },
    ]);
    call.incoming.hangUp();
    await pair.pass(100);
    expect(call.caller).toEqual(told([...outgoing, 'ended'], end('completed', 'remote')));
    expect(call.callee).toEqual(told([...incoming, 'ended'], end('completed', 'local')));
    await pair.expectClean();
  });

  test('decline', async () => {
    const pair = await Pair.make();
    const call = await pair.ring();
    call.incoming.decline();
    await pair.pass(100);
    expect(call.caller).toEqual(
      told(['preparing', 'dialing', 'ringing', 'ended'], end('declined', 'remote')),
    );
    expect(call.callee).toEqual(told(['ringing', 'ended'], end('declined', 'local')));
    expect(await call.outgoing.answered()).toBe(false);
    await pair.expectClean();
  });

  test('cancel while ringing', async () => {
    const pair = await Pair.make();
    const call = await pair.ring();
    call.outgoing.hangUp();
    await pair.pass(100);
    expect(call.caller).toEqual(
      told(['preparing', 'dialing', 'ringing', 'ended'], end('canceled', 'local')),
    );
    expect(call.callee).toEqual(told(['ringing', 'ended'], end('canceled', 'remote')));
    await pair.expectClean();
  });

  test('cancel at once, before the dial is out', async () => {
    const pair = await Pair.make();
    const call = await pair.alice.phone.dial('user:bob');
    const story = watch(call);
    call.hangUp();
    await pair.pass(200);
    expect(story).toEqual(told(['preparing', 'ended'], end('canceled', 'local')));
    expect(pair.bob.incoming).toEqual([]);
    await pair.expectClean();
  });

  test('cancel racing accept: whoever comes first to the server decides, and both agree', async () => {
    for (const acceptFirst of [true, false]) {
      const pair = await Pair.make();
      const call = await pair.ring();
      // The microphone takes 2 ms, so an accept leaves that much later than a cancel.
      if (acceptFirst) {
        call.incoming.accept();
        await pair.pass(3);
        call.outgoing.hangUp();
      } else {
        call.outgoing.hangUp();
        call.incoming.accept();
      }
      await pair.pass(200);
      const reason = acceptFirst ? 'completed' : 'canceled';
      expect({ acceptFirst, caller: call.caller.ends, callee: call.callee.ends }).toEqual({
        acceptFirst,
        caller: [end(reason, 'local')],
        callee: [end(reason, 'remote')],
      });
      await pair.expectClean();
    }
  });

  test('unanswered at 45 s', async () => {
    const pair = await Pair.make();
    const call = await pair.ring();
    await pair.pass(44_000);
    expect([call.outgoing.state, call.incoming.state]).toEqual(['ringing', 'ringing']);
    await pair.pass(1_300);
    expect(call.caller).toEqual(
      told(['preparing', 'dialing', 'ringing', 'ended'], end('unanswered', null)),
    );
    expect(call.callee).toEqual(told(['ringing', 'ended'], end('unanswered', null)));
    await pair.expectClean();
  });

  test('busy: the callee is in a call, and takes no second one', async () => {
    const pair = await Pair.make({}, { callWaiting: false });
    const first = await pair.talk();
    const carol = await pair.phone('carol');
    const second = await carol.phone.dial('user:bob');
    const story = watch(second);
    await pair.pass(100);
    expect(story).toEqual(told(['preparing', 'dialing', 'ended'], end('busy', null)));
    expect([first.outgoing.state, pair.bob.incoming.length]).toEqual(['active', 1]);
    first.outgoing.hangUp();
    await pair.pass(100);
    await pair.expectClean();
  });

  test('one call too many: the server says no, the others go on', async () => {
    const pair = await Pair.make({ callsPerUser: 1 });
    const first = await pair.talk();
    await pair.phone('carol');
    const second = await pair.alice.phone.dial('user:carol');
    const story = watch(second);
    await pair.pass(100);
    expect(story).toEqual(
      told(['preparing', 'dialing', 'ended'], { ...end('failed', null), code: 'already_in_call' }, [
        'already_in_call',
      ]),
    );
    expect(first.outgoing.state).toBe('active');
    first.outgoing.hangUp();
    await pair.pass(100);
    await pair.expectClean();
  });

  test('callee offline', async () => {
    const pair = await Pair.make();
    const call = await pair.alice.phone.dial('user:nobody');
    const story = watch(call);
    await pair.pass(100);
    expect(story).toEqual(told(['preparing', 'dialing', 'ended'], end('unreachable', null)));
    await pair.expectClean();
  });

  test('hold, remote hold, both', async () => {
    const pair = await Pair.make();
    const { outgoing: alice, incoming: bob } = await pair.talk();
    const holding = () => [alice.holding, bob.holding];
    alice.hold();
    await pair.pass(100);
    expect(holding()).toEqual(['local', 'remote']);
    bob.hold();
    await pair.pass(100);
    expect(holding()).toEqual(['both', 'both']);
    alice.resume();
    await pair.pass(100);
    expect(holding()).toEqual(['remote', 'local']);
    bob.resume();
    await pair.pass(100);
    expect(holding()).toEqual(['none', 'none']);
    expect([alice.state, bob.state]).toEqual(['active', 'active']);
    alice.hangUp();
    await pair.pass(100);
    await pair.expectClean();
  });

  test('mute, and camera on in an audio call', async () => {
    const pair = await Pair.make();
    const { outgoing: alice, incoming: bob } = await pair.talk();
    alice.mute();
    bob.setCamera(true);
    expect([alice.muted, bob.camera]).toEqual([true, true]);
    await pair.pass(300);
    expect([bob.peerMuted, alice.peerCamera, alice.state]).toEqual([true, true, 'active']);
    expect(alice.remoteStream?.getTracks().map(({ kind }) => kind)).toContain('video');
    alice.unmute();
    bob.setCamera(false);
    await pair.pass(300);
    expect([bob.peerMuted, alice.peerCamera]).toEqual([false, false]);
    alice.hangUp();
    await pair.pass(100);
    await pair.expectClean();
  });

  test('camera refused in an audio call: told, and the call goes on', async () => {
    const pair = await Pair.make();
    pair.bob.plan = { camera: 'permission_denied' };
    const call = await pair.talk();
    call.incoming.setCamera(true);
    await pair.pass(300);
    expect([call.incoming.camera, call.outgoing.peerCamera]).toEqual([false, false]);
    expect([call.callee.refused, call.incoming.state]).toEqual([['permission_denied'], 'active']);
    call.outgoing.hangUp();
    await pair.pass(100);
    await pair.expectClean();
  });

  for (const cause of ['permission_denied', 'device_missing'] as const) {
    test(`the caller's microphone: ${cause}. Nobody is called`, async () => {
      const pair = await Pair.make();
      pair.alice.plan = { microphone: cause };
      const call = await pair.alice.phone.dial('user:bob');
      const story = watch(call);
      await pair.pass(100);
      expect(story).toEqual(told(['preparing', 'ended'], end('failed', 'local', cause)));
      expect(pair.bob.incoming).toEqual([]);
      await pair.expectClean();
    });

    test(`the callee's microphone: ${cause}. Both are told`, async () => {
      const pair = await Pair.make();
      pair.bob.plan = { microphone: cause };
      const call = await pair.ring();
      call.incoming.accept();
      await pair.pass(100);
      expect(call.caller).toEqual(
        told(['preparing', 'dialing', 'ringing', 'ended'], end('failed', 'remote', cause)),
      );
      expect(call.callee).toEqual(
        told(['ringing', 'accepting', 'ended'], end('failed', 'local', cause)),
      );
      await pair.expectClean();
    });
  }

  test('media never connects: failed after 20 s', async () => {
    const pair = await Pair.make();
    pair.alice.plan = { connection: 'unreachable' };
    pair.bob.plan = { connection: 'unreachable' };
    const call = await pair.talk();
    await pair.pass(20_500);
    expect([call.caller.ends, call.callee.ends]).toEqual([
      [end('failed', null, 'media_timeout')],
      [end('failed', null, 'media_timeout')],
    ]);
    await pair.expectClean();
  });
});
