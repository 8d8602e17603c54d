import { describe, expect, test } from 'vitest';
import { RingfenceError } from '@ringfence/base';
import type { CallEnd } from '@ringfence/call-machine';
import { refusalError } from '@ringfence/call-rules';
import { createTexts } from './create-texts.ts';
import type { DescribedCall, TextsOptions } from './create-texts.ts';
import { english } from './english.ts';
import { german } from './german.ts';

const outgoing: DescribedCall = {
  direction: 'outgoing',
  peer: { address: 'user:bob', userId: 'bob' },
  media: { audio: true, video: false },
};
const incoming: DescribedCall = { ...outgoing, direction: 'incoming' };

const end = (
  reason: CallEnd['reason'],
  by: CallEnd['by'] = null,
  more: Partial<CallEnd> = {},
): CallEnd => ({ reason, cause: null, by, ...more });

describe('why a call ended', () => {
  const { ofEnd } = createTexts({ nameOf: (userId) => `${userId.toUpperCase()}` });

  test.each([
    [end('completed', 'local'), outgoing, 'Call ended: You hung up.'],
    [end('completed', 'remote'), outgoing, 'Call ended: BOB hung up.'],
    [end('completed'), outgoing, 'Call ended: The call is over.'],
    [end('declined', 'local'), incoming, 'Call declined: You declined the call.'],
    [end('declined', 'remote'), outgoing, 'Call declined: BOB declined the call.'],
    [end('busy'), outgoing, 'Busy: BOB cannot take a call now.'],
    [end('unanswered'), outgoing, 'No answer: BOB did not answer.'],
    [end('unanswered'), incoming, 'Missed call: You did not answer in time.'],
    [end('canceled', 'local'), outgoing, 'Call canceled: You hung up before it was answered.'],
    [end('canceled', 'remote'), incoming, 'Missed call: BOB hung up before you answered.'],
    [end('transferred', 'local'), incoming, 'Call goes on: The call goes on without this line.'],
    [
      end('terminated', 'remote'),
      incoming,
      'Removed from the call: A moderator took you out of the call.',
    ],
    [end('terminated'), incoming, 'Call ended: The service ended the call.'],
    [
      end('terminated', null, { cause: 'maximum_length' }),
      incoming,
      'Time is up: The call reached the longest time a call may last.',
    ],
    [
      end('answered-elsewhere', 'local'),
      incoming,
      'Answered elsewhere: You answered this call on another of your devices.',
    ],
    [
      end('failed', null, { cause: 'caller_lost' }),
      outgoing,
      'Connection lost: You were offline for too long.',
    ],
    [
      end('failed', null, { cause: 'callee_lost' }),
      outgoing,
      'Connection lost: BOB went offline and did not come back.',
    ],
    [
      end('failed', 'remote', { cause: 'callee_lost' }),
      incoming,
      'Connection lost: BOB went offline and did not come back.',
    ],
    [
      end('failed', 'local', { cause: 'permission_denied' }),
      outgoing,
      'No permission: Your browser may not use the microphone.',
    ],
    [
      end('failed', null, { code: 'already_in_call' }),
      outgoing,
      'Too many calls: You are in as many calls as you may be.',
    ],
    [end('failed', null, { code: 'new_code' }), outgoing, 'Call failed: The call broke off.'],
  ])('%o', (ended, call, said) => {
    const { title, what } = ofEnd(ended, call);
    expect(`${title}: ${what}`).toBe(said);
  });

  test('a reason of a later version has a general text', () => {
    expect(ofEnd(end('vanished' as never), outgoing).title).toBe('Call failed');
    expect(ofEnd(end('constructor' as never, null, { cause: '__proto__' as never }))).toEqual({
      title: 'Call failed',
      what: 'The call broke off.',
      advice: 'Call again.',
    });
  });

  test('without the call it speaks of the other side', () => {
    expect(ofEnd(end('declined', 'remote')).what).toBe('The other side declined the call.');
    expect(ofEnd(end('unreachable')).advice).toBe(
      'Try again later, or ask the other side to sign in.',
    );
  });
});

describe('what an error means', () => {
  const { ofError } = createTexts();

  test('by its code, by the error, or as the reason behind it', () => {
    const full = { title: 'Call full', what: 'The call has no room for more.' };
    expect(ofError('call_full')).toMatchObject(full);
    expect(ofError(refusalError({ code: 'call_full' }))).toMatchObject(full);
    expect(ofError(refusalError({ code: 'already_there' }), { name: 'Bob' }).what).toBe(
      'Bob is in the call already, or on the way.',
    );
    const busy = refusalError({ code: 'callee_unavailable', endReason: 'busy' });
    expect(ofError(busy, { name: 'Bob' }).what).toBe('Bob cannot take a call now.');
    const said = (code: string): string => Object.values(ofError(code)).join(' ');
    expect(said('cannot_dial_self')).toBe(
      'That is you That name is your own. Choose someone else.',
    );
    expect(said('dtmf_unavailable')).toBe(
      'No key tones Key tones cannot be sent right now. Resume the call first.',
    );
    expect(said('phone_closed')).toBe('Phone closed This phone is closed. Reload the page.');
  });

  test('a camera that stays off is told by its cause', () => {
    expect(ofError('permission_denied').what).toBe(
      'Your browser may not use the microphone or camera.',
    );
    const video = { audio: true, video: true };
    expect(ofError('device_missing', { media: video }).what).toBe(
      'This device has no camera and microphone that the browser can use.',
    );
  });

  test.each([
    ['a code of a later version', 'brand_new'],
    ['a name of the language', '__proto__'],
    ['another error', new Error('bang')],
    [
      'a code of another kind',
      new RingfenceError('odd', 'x', { fault: 'caller', retryable: false, hint: '' }),
    ],
    ['nothing', undefined],
  ])('%s has a general text', (_what, error) => {
    expect(ofError(error)).toEqual({
      title: 'Did not work',
      what: 'Something went wrong.',
      advice: 'Try again in a moment.',
    });
  });
});

describe('languages and the words of a host', () => {
  test('German', () => {
    const { ofEnd, ofError } = createTexts({ language: 'de' });
    expect(ofEnd(end('declined', 'remote'), outgoing)).toEqual({
      title: 'Anruf abgelehnt',
      what: 'bob hat den Anruf abgelehnt.',
      advice: 'Versuchen Sie es später erneut.',
    });
    expect(ofEnd(end('completed', 'remote')).what).toBe('Die andere Seite hat aufgelegt.');
    expect(ofError('call_full').title).toBe('Anruf voll');
  });

  test('own texts, in part', () => {
    const { ofEnd, ofError } = createTexts({
      texts: {
        'end.busy': { what: '{name} is on the line.' },
        'error.call_full': { advice: null },
      },
    });
    expect(ofEnd(end('busy'), outgoing)).toEqual({
      title: 'Busy',
      what: 'bob is on the line.',
      advice: 'Try again in a few minutes.',
    });
    expect(ofError('call_full').advice).toBeNull();
  });

  test('own texts by a function', () => {
    const asked: string[] = [];
    const { ofEnd } = createTexts({
      texts: (key, { title }) => {
        asked.push(key);
        return key === 'end.busy' ? { title: title.toUpperCase() } : undefined;
      },
    });
    expect([ofEnd(end('busy'), outgoing).title, ofEnd(end('canceled'), outgoing).title]).toEqual([
      'BUSY',
      'Call canceled',
    ]);
    expect(asked).toEqual(['end.busy', 'end.canceled']);
  });

  test('a host that throws, or has half a text, is told ours', () => {
    const standard = createTexts().ofEnd(end('busy'), outgoing);
    const bang = (): never => {
      throw new Error('bang');
    };
    const half = { title: undefined, what: undefined, advice: undefined } as object;
    const hosts: readonly TextsOptions[] = [
      { texts: bang },
      { nameOf: bang },
      { nameOf: () => undefined as never },
      { texts: () => null as never },
      { texts: () => half },
      { texts: { 'end.busy': half } },
    ];
    for (const host of hosts) {
      expect(createTexts(host).ofEnd(end('busy'), outgoing)).toEqual(standard);
    }
  });

  test('a name is put in as it is: markup stays text, and braces are not read', () => {
    const { ofEnd } = createTexts({ nameOf: () => '<b>{devices}</b> $& ' });
    expect(ofEnd(end('busy'), outgoing).what).toBe('<b>{devices}</b> $&  cannot take a call now.');
  });

  test('refuses a language there is not', () => {
    for (const language of ['fr', 'toString', '__proto__']) {
      expect(() => createTexts({ language: language as never })).toThrow('is not "en" or "de"');
    }
  });

  test('the languages say the same things: keys, advice and placeholders', () => {
    const shape = ({ words }: typeof english) =>
      Object.fromEntries(
        Object.entries(words).map(([key, [, what, advice]]) => [
          key,
          [/\{name\}/.test(what), advice !== undefined],
        ]),
      );
    expect(shape(german)).toEqual(shape(english));
    for (const { words } of [english, german]) {
      for (const [title, what, advice = 'None.'] of Object.values(words)) {
        expect([title, what, advice].join(' ')).not.toMatch(/<|&|\{(?!name\}|devices\})/);
        expect(`${what} ${advice}`).toMatch(/[.]$/);
      }
    }
  });
});
