import { describe, expect, test } from 'vitest';
import { CallPair } from './call-pair.ts';
import type { Side } from './call-town.ts';

/** What a side shows of hold, mute and camera, and what its media was last told to send. */
function sends({ view, media }: Side) {
  const { holding, muted, camera, peerMuted, peerCamera } = view;
  return {
    holding,
    muted,
    camera,
    peerMuted,
    peerCamera,
    control: media.requests.filter(({ type }) => type === 'control').at(-1),
  };
}

const plain = {
  holding: 'none',
  muted: false,
  camera: false,
  peerMuted: false,
  peerCamera: false,
  control: { type: 'control', muted: false, camera: false, held: false, heldBy: [] },
} as const;
const heldControl = { ...plain.control, held: true } as const;

describe('hold, mute and camera', () => {
  test('hold, remote hold, both, and back', () => {
    const pair = new CallPair().talk();
    const control = (held: boolean, heldBy: readonly string[]) => ({
      ...plain.control,
      held,
      heldBy,
    });
    const steps: [Side, boolean, string, string][] = [
      [pair.caller, true, 'local', 'remote'],
      [pair.callee, true, 'both', 'both'],
      [pair.caller, false, 'remote', 'local'],
      [pair.callee, false, 'none', 'none'],
    ];
    const isHere = (holding: string): boolean => holding === 'local' || holding === 'both';
    for (const [side, held, caller, callee] of steps) {
      side.actor.send({ type: 'user.update', held });
      pair.clock.advance(100);
      expect(sends(pair.caller)).toEqual({
        ...plain,
        holding: caller,
        control: control(isHere(caller), isHere(callee) ? ['l2'] : []),
      });
      expect(sends(pair.callee)).toEqual({
        ...plain,
        holding: callee,
        control: control(isHere(callee), isHere(caller) ? ['l1'] : []),
      });
    }
    expect(pair.caller.view.state).toBe('active');
  });

  test('mute acts at once and is told to the peer', () => {
    const pair = new CallPair().talk();
    pair.caller.actor.send({ type: 'user.update', muted: true });
    expect(sends(pair.caller)).toEqual({
      ...plain,
      muted: true,
      control: { ...plain.control, muted: true },
    });
    expect(sends(pair.callee)).toEqual(plain);
    pair.clock.advance(100);
    expect(sends(pair.callee)).toEqual({ ...plain, peerMuted: true });
  });

  test('mute, unmute and mute again in one breath stays mute all along', () => {
    const pair = new CallPair().talk();
    const before = pair.caller.media.requests.length;
    for (const muted of [true, false, true]) {
      pair.caller.actor.send({ type: 'user.update', muted });
    }
    pair.clock.advance(100);
    expect(pair.caller.media.requests.slice(before)).toEqual([
      { ...plain.control, muted: true },
      { ...plain.control, muted: false },
      { ...plain.control, muted: true },
    ]);
    expect(sends(pair.callee)).toEqual({ ...plain, peerMuted: true });
  });

  test('mute set before the call is answered is told once it is', () => {
    const pair = new CallPair();
    pair.caller.actor.start();
    pair.caller.actor.send({ type: 'user.update', muted: true });
    pair.ring();
    pair.callee.actor.send({ type: 'user.update', muted: true });
    pair.callee.actor.send({ type: 'user.accept' });
    pair.clock.advance(100);
    const control = { ...plain.control, muted: true } as const;
    expect(sends(pair.caller)).toEqual({ ...plain, muted: true, peerMuted: true, control });
    expect(sends(pair.callee)).toEqual({ ...plain, muted: true, peerMuted: true, control });
  });

  test('who answers is heard: a hold from while it rang does not stand', () => {
    const pair = new CallPair();
    pair.caller.actor.start();
    pair.ring();
    pair.callee.actor.send({ type: 'user.update', held: true });
    expect(pair.callee.view.holding).toBe('local');
    pair.callee.actor.send({ type: 'user.accept' });
    pair.clock.advance(100);
    expect([pair.callee.view.state, sends(pair.callee), sends(pair.caller)]).toEqual([
      'active',
      plain,
      plain,
    ]);
  });

  test('camera on in an audio call', () => {
    const pair = new CallPair().talk();
    pair.callee.actor.send({ type: 'user.update', camera: true });
    pair.clock.advance(100);
    expect(sends(pair.caller)).toEqual({ ...plain, peerCamera: true });
    expect(sends(pair.callee)).toEqual({
      ...plain,
      camera: true,
      control: { ...plain.control, camera: true },
    });
  });

  test('camera refused in an audio call: the call goes on without', () => {
    const pair = new CallPair().talk();
    pair.callee.actor.send({ type: 'user.update', camera: true });
    pair.callee.media.report({ type: 'media.camera-refused', cause: 'permission_denied' });
    pair.clock.advance(100);
    expect(sends(pair.caller)).toEqual(plain);
    expect(sends(pair.callee)).toEqual(plain);
    expect(pair.callee.view.state).toBe('active');
    expect(pair.callee.told).toEqual([
      { type: 'call.refused', command: 'call.update', code: 'permission_denied' },
    ]);
  });

  test('a video call: both cameras run; one accepted without video sends none', () => {
    const video = { audio: true, video: true };
    const both = new CallPair({ kinds: video }).talk();
    expect([both.caller.view, both.callee.view]).toMatchObject([
      { camera: true, peerCamera: true },
      { camera: true, peerCamera: true },
    ]);
    const one = new CallPair({ kinds: video }).ring();
    one.callee.actor.send({ type: 'user.accept', kinds: { audio: true, video: false } });
    one.clock.advance(100);
    expect([one.caller.view, one.callee.view]).toMatchObject([
      { camera: true, peerCamera: false },
      { camera: false, peerCamera: true },
    ]);
    expect(one.callee.media.requests.find(({ type }) => type === 'acquire')).toEqual({
      type: 'acquire',
      kinds: { audio: true, video: false },
    });
  });
});

describe('a refused update is taken back, never towards sending more', () => {
  const refused = {
    type: 'signaling.refused',
    command: 'call.update',
    code: 'rate_limited',
  } as const;

  test('unmute, resume and camera on are taken back', () => {
    const pair = new CallPair().talk();
    pair.caller.actor.send({ type: 'user.update', muted: true, held: true });
    pair.clock.advance(100);
    pair.caller.signaling.onCommand = undefined;
    pair.caller.actor.send({ type: 'user.update', muted: false, held: false, camera: true });
    pair.caller.signaling.report(refused);
    expect(sends(pair.caller)).toEqual({
      ...plain,
      holding: 'local',
      muted: true,
      control: { ...heldControl, muted: true },
    });
    expect(pair.caller.told).toEqual([
      { type: 'call.refused', command: 'call.update', code: 'rate_limited' },
    ]);
  });

  test('mute, hold and camera off stand', () => {
    const pair = new CallPair({ kinds: { audio: true, video: true } }).talk();
    pair.caller.signaling.onCommand = undefined;
    pair.caller.actor.send({ type: 'user.update', muted: true, held: true, camera: false });
    pair.caller.signaling.report(refused);
    expect(sends(pair.caller)).toEqual({
      ...plain,
      holding: 'local',
      muted: true,
      peerCamera: true,
      control: { ...heldControl, muted: true },
    });
  });
});
