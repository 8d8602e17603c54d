import { afterEach, beforeEach, expect, test } from 'vitest';
import { MediaBench } from './media-bench.ts';

let bench: MediaBench;
beforeEach(() => {
  bench = new MediaBench(3);
});
afterEach(() => bench.close());

const senders = () =>
  bench.browser.connections.map((connection) => connection.getTransceivers()[0]!.sender.dtmf!);
const sent = () => senders().map((dtmf) => dtmf.sent);

test('tones go to each leg, 100 ms each and 70 ms apart, pauses are 2 s', async () => {
  const [first] = await bench.connected();
  const done = first!.session.sendDtmf('1*#aD,;0');
  expect(await bench.outcome(done, 6 * 170 + 2 * 2_000 - 1)).toBe('pending');
  expect(await bench.outcome(done, 1)).toBe('done');
  expect(sent()).toEqual(['1*#aD,,0', '1*#aD,,0']);
});

test('a second row waits for the first', async () => {
  const [first] = await bench.connected();
  const [one, other] = ['12', '3'].map((tones) => first!.session.sendDtmf(tones));
  expect(await bench.outcome(one!, 2 * 170)).toBe('done');
  expect(await bench.outcome(other!, 169)).toBe('pending');
  expect(await bench.outcome(other!, 1)).toBe('done');
  expect(sent()).toEqual(['123', '123']);
});

test.each(['', ' ', '1 2', 'E', 'é', '+', '1'.repeat(65), '12\n'])(
  '%j is no DTMF, and does not hold up what is',
  async (odd) => {
    const [first] = await bench.connected();
    expect(await bench.outcome(first!.session.sendDtmf(odd), 0)).toBe('invalid_dtmf');
    expect(await bench.outcome(first!.session.sendDtmf('1'.repeat(64)), 64 * 170)).toBe('done');
    expect(sent()[0]).toBe('1'.repeat(64));
  },
);

test('legs that cannot take tones, or hold, are left out; without any other it is refused', async () => {
  const [first] = await bench.connected();
  const [one, other] = senders();
  one!.isAgreed = false;
  expect(await bench.outcome(first!.session.sendDtmf('1'), 500)).toBe('done');
  expect(sent()).toEqual(['', '1']);
  first!.control({ heldBy: ['l3'] });
  expect(await bench.outcome(first!.session.sendDtmf('2'))).toBe('dtmf_unavailable');
  first!.control({ heldBy: [] });
  other!.isAgreed = false;
  expect(await bench.outcome(first!.session.sendDtmf('3'))).toBe('dtmf_unavailable');
  expect(sent()).toEqual(['', '1']);
});

test('the error says what it is, and what to do', async () => {
  const [first] = await bench.connected();
  await expect(first!.session.sendDtmf('call')).rejects.toMatchObject({
    message: 'unable to send DTMF; it is none',
    hint: 'Send 1 to 64 of 0-9 * # , ; and A-D in either case.',
    retryable: false,
  });
  first!.control({ held: true });
  await expect(first!.session.sendDtmf('1')).rejects.toMatchObject({
    message: 'unable to send DTMF; it is not taken',
    hint: 'Resume the call first.',
    retryable: true,
  });
});

test('a call without sound takes none', async () => {
  const [first] = bench.call();
  expect(await bench.outcome(first!.session.sendDtmf('1'))).toBe('dtmf_unavailable');
});

test('a leg that goes in the middle leaves the others their tones', async () => {
  const [first] = await bench.connected();
  const done = first!.session.sendDtmf('123');
  await bench.clock.advanceAsync(200);
  first!.session.disconnect('l2');
  expect(await bench.outcome(done, 500)).toBe('done');
  expect(sent()[1]).toBe('123');
});

test('a call that is held in the middle sends no more of them, and says so', async () => {
  const [first] = await bench.connected();
  const done = first!.session.sendDtmf('123456');
  const next = first!.session.sendDtmf('7');
  await bench.clock.advanceAsync(200);
  first!.control({ held: true });
  expect(await bench.outcome(done, 0)).toBe('dtmf_unavailable');
  expect(await bench.outcome(next, 5_000)).toBe('dtmf_unavailable');
  first!.control({ held: false });
  expect(await bench.outcome(first!.session.sendDtmf('8'), 500)).toBe('done');
  expect(sent()).toEqual(['128', '128']);
});

test('a call that ends in the middle rejects what waits; ignoring that is safe', async () => {
  const [first] = await bench.connected();
  const { session } = first!;
  const done = session.sendDtmf('123');
  // A rejection that nobody handles fails the run.
  void session.sendDtmf('456');
  await bench.clock.advanceAsync(200);
  session.close();
  expect(await bench.outcome(done)).toBe('dtmf_unavailable');
});
