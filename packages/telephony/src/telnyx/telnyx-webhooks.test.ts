import { FakeClock } from '@ringfence/base/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TelnyxContractServer } from '../testing/index.ts';
import type { SignedWebhook } from '../testing/index.ts';
import { TelnyxWebhooks } from './telnyx-webhooks.ts';
import type { WebhookRequest } from './telnyx-webhooks.ts';

let clock: FakeClock;
let telnyx: TelnyxContractServer;
let webhooks: TelnyxWebhooks;

beforeEach(async () => {
  clock = new FakeClock(1_700_000_000_000);
  telnyx = await TelnyxContractServer.start({}, { clock });
  webhooks = new TelnyxWebhooks('telnyx', telnyx.webhookPublicKey, clock);
});

afterEach(() => telnyx.close());

function requestOf({ headers, body }: SignedWebhook): WebhookRequest {
  return {
    signature: headers['telnyx-signature-ed25519'] ?? null,
    timestamp: headers['telnyx-timestamp'] ?? null,
    body: Buffer.from(body),
  };
}

const payload = {
  call_control_id: 'v3:abc',
  direction: 'incoming',
  from: '+12025550100',
  to: '+12025550123',
};

test('a signed webhook is read, and what it says of a call', () => {
  const sent = telnyx.signWebhook({ type: 'call.initiated', id: 'event-1', payload });
  expect(webhooks.read(requestOf(sent))).toEqual({
    ok: true,
    value: {
      id: 'event-1',
      provider: 'telnyx',
      type: 'call.initiated',
      isDuplicate: false,
      payload,
      call: {
        callId: 'telnyx:v3:abc',
        provider: 'telnyx',
        state: 'ringing',
        direction: 'incoming',
        from: '+12025550100',
        to: '+12025550123',
      },
    },
  });
});

test('each kind of event says what state its call is in', () => {
  const states = [
    'call.answered',
    'call.bridged',
    'call.hangup',
    'call.dtmf.received',
    'toString',
  ].map((type) => {
    const read = webhooks.read(requestOf(telnyx.signWebhook({ type, payload })));
    return read.ok ? read.value.call?.state : read.error.code;
  });
  expect(states).toEqual(['active', 'active', 'ended', undefined, undefined]);
});

test('one that comes twice is told to', () => {
  const first = telnyx.signWebhook({ type: 'call.hangup', id: 'event-1', payload });
  clock.advance(60_000);
  // Telnyx repeats an event with a time and a signature of its own.
  const again = telnyx.signWebhook({ type: 'call.hangup', id: 'event-1', payload });
  const read = [first, again, again].map((sent) => webhooks.read(requestOf(sent)));
  expect(read.map((each) => each.ok && each.value.isDuplicate)).toEqual([false, true, true]);
});

test('five minutes either way, to the second', () => {
  const codeAt = (offsetMs: number): string => {
    const timestampMs = clock.now() + offsetMs;
    const sent = telnyx.signWebhook({ type: 'call.hangup', payload }, { timestampMs });
    const read = webhooks.read(requestOf(sent));
    return read.ok ? 'ok' : read.error.code;
  };
  expect([-300_000, 300_000, -301_000, 301_000].map(codeAt)).toEqual([
    'ok',
    'ok',
    'stale_webhook',
    'stale_webhook',
  ]);
});

test('a time in milliseconds is none', () => {
  // A thousand times later: as if somebody had signed milliseconds.
  const sent = requestOf(telnyx.signBody('{}', clock.now() * 1_000));
  expect(sent.timestamp).toBe(String(clock.now()));
  expect(webhooks.read(sent)).toMatchObject({ error: { code: 'invalid_signature' } });
});

test('what was written again as other bytes is not believed', () => {
  const sent = requestOf(telnyx.signWebhook({ type: 'call.hangup', payload }));
  const body = Buffer.from(JSON.stringify(JSON.parse(Buffer.from(sent.body).toString()), null, 1));
  expect(webhooks.read({ ...sent, body })).toMatchObject({ error: { code: 'invalid_signature' } });
});

test('another process knows none of them, for five minutes', () => {
  const sent = requestOf(telnyx.signWebhook({ type: 'call.initiated', payload }));
  expect(webhooks.read(sent)).toMatchObject({ value: { isDuplicate: false } });
  const after = new TelnyxWebhooks('telnyx', telnyx.webhookPublicKey, clock);
  expect(after.read(sent)).toMatchObject({ value: { isDuplicate: false } });
  clock.advance(301_000);
  const later = new TelnyxWebhooks('telnyx', telnyx.webhookPublicKey, clock);
  expect(later.read(sent)).toMatchObject({ error: { code: 'stale_webhook' } });
});

test('nothing that was changed on the way is believed', () => {
  const sent = requestOf(telnyx.signWebhook({ type: 'call.hangup', payload }));
  const later = String(Number(sent.timestamp) + 1);
  const body = Buffer.from(
    Buffer.from(sent.body).toString().replace('+12025550100', '+12025550101'),
  );
  const stranger = new TelnyxWebhooks('telnyx', Buffer.alloc(32, 9).toString('base64'), clock);
  expect(webhooks.read(sent).ok).toBe(true);
  const changed: readonly WebhookRequest[] = [
    { ...sent, body },
    { ...sent, body: new Uint8Array() },
    { ...sent, timestamp: later },
    { ...sent, timestamp: null },
    { ...sent, timestamp: '' },
    { ...sent, timestamp: 'now' },
    { ...sent, timestamp: `${sent.timestamp}|` },
    { ...sent, signature: null },
    { ...sent, signature: '' },
    { ...sent, signature: 'AAAA' },
    { ...sent, signature: Buffer.alloc(64).toString('base64') },
  ];
  const codes = changed.map((request) => {
    const read = webhooks.read(request);
    return read.ok ? 'ok' : read.error.code;
  });
  expect(codes).toEqual(changed.map(() => 'invalid_signature'));
  expect(stranger.read(sent)).toMatchObject({ error: { code: 'invalid_signature' } });
});

test('what is signed and no event is refused', () => {
  for (const body of ['{', 'null', '{"data":{}}', '{"data":{"id":"","event_type":"x"}}']) {
    const sent = telnyx.signBody(body);
    expect(webhooks.read(requestOf(sent))).toMatchObject({ error: { code: 'invalid_request' } });
  }
});

test('a key that is none is named', () => {
  const make = (): unknown => new TelnyxWebhooks('telnyx', 'c2hvcnQ=', clock);
  expect(make).toThrow(/unable to use option webhookPublicKey; c2hvcnQ= is not/);
});
