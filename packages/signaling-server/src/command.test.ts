import { expect, it } from 'vitest';
import { readClientFrame } from '@ringfence/protocol';
import { commandDigest } from './command.ts';
import type { CommandRequest } from './command.ts';

const callId = '018f0000-0000-7000-8000-000000000001';
const hash = (request: string, body: object): string => {
  const frame = readClientFrame(JSON.stringify({ id: '1', request, body }));
  expect(frame.kind).toBe('request');
  return commandDigest(frame as CommandRequest);
};

it('the digest of a request does not depend on the order of its fields', () => {
  expect(hash('call.update', { callId, held: true, muted: false })).toBe(
    hash('call.update', { muted: false, held: true, callId }),
  );
});

it('requests that differ have digests that differ', () => {
  const media = { audio: true, video: false };
  const hashes = [
    hash('call.ring', { callId }),
    hash('call.accept', { callId }),
    hash('call.accept', { callId: callId.replace('1', '2') }),
    hash('call.dial', { callId, to: 'user:a', media }),
    hash('call.dial', { callId, to: 'user:b', media }),
    hash('call.dial', { callId, to: 'user:a', media: { audio: true, video: true } }),
    hash('call.hang-up', { callId }),
    hash('call.hang-up', { callId, dialed: true }),
    hash('call.hang-up', { callId, cause: 'media_failed' }),
    hash('call.hang-up', { callId, everyone: true }),
    hash('call.decline', { callId }),
    hash('call.decline', { callId, busy: true }),
    hash('call.media', { callId, mediaEpoch: 1, legId: 'l1', connected: true }),
    hash('call.media', { callId, mediaEpoch: 1, legId: 'l1', connected: false }),
    hash('call.media', { callId, mediaEpoch: 1, legId: 'l2', connected: true }),
    hash('call.invite', { callId, to: 'user:a' }),
    hash('call.invite', { callId, to: 'user:b' }),
    hash('call.invite', { callId, to: 'user:a', role: 'guest' }),
    hash('call.remove', { callId, participantId: 'p1' }),
    hash('call.remove', { callId, participantId: 'p2' }),
    hash('call.request-mute', { callId, participantId: 'p1' }),
    hash('call.transfer', { callId, to: 'user:a' }),
    hash('call.transfer', { callId, to: 'user:b' }),
    hash('call.transfer', { callId, toCallId: callId }),
    hash('call.transfer', { callId, toCallId: callId.replace('1', '2') }),
    hash('call.merge', { callId, fromCallId: callId }),
    hash('call.merge', { callId, fromCallId: callId.replace('1', '2') }),
    hash('call.update', { callId, held: true }),
    hash('call.update', { callId, muted: true }),
    hash('call.update', { callId, camera: true }),
    hash('call.update', { callId }),
  ];
  expect(new Set(hashes).size).toBe(hashes.length);
});
