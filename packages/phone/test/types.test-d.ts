import { expectTypeOf, test } from 'vitest';
import { TubeRegistry } from '@ringfence/isolation';
import { createPhone } from '../src/index.ts';
import type {
  Address,
  Call,
  CallEnd,
  ParticipantView,
  Phone,
  PhoneState,
  UserSettings,
  ViewState,
} from '../src/index.ts';
import { createTexts } from '../src/texts/index.ts';
import type { TextKey } from '../src/texts/index.ts';
import type { Language } from '../src/texts/keys.ts';

test('the API a user meets first', () => {
  const [url, tubes] = ['wss://host/v1/socket', new TubeRegistry()];
  expectTypeOf(createPhone).toBeCallableWith({ url, token: 'token', tubes });
  expectTypeOf(createPhone).toBeCallableWith({ url, token: async () => 'token', tubes });
  expectTypeOf<Phone['dial']>().toBeCallableWith('user:alice', { audio: true, video: true });
  expectTypeOf<Phone['dial']>().returns.resolves.toEqualTypeOf<Call>();
  expectTypeOf<Phone['state']>().toEqualTypeOf<PhoneState>();
  expectTypeOf<Phone>().toExtend<AsyncDisposable>();
  expectTypeOf<Call['state']>().toEqualTypeOf<ViewState>();
  expectTypeOf<Call['ended']>().returns.resolves.toEqualTypeOf<CallEnd>();
});

test('a call in company', () => {
  const call = {} as Call;
  expectTypeOf(call.invite).toBeCallableWith('user:bob', { role: 'guest' });
  expectTypeOf(call.transfer).toBeCallableWith('user:bob');
  expectTypeOf(call.transfer).toBeCallableWith(call);
  expectTypeOf(call.merge).toBeCallableWith(call);
  expectTypeOf(call.hangUp).toBeCallableWith({ everyone: true });
  expectTypeOf(call.may).toBeCallableWith('remove', 'p2');
  expectTypeOf<Call['participants']>().toEqualTypeOf<readonly ParticipantView[]>();
  const phone = {} as Phone;
  // Somebody else's text, as from a form; what comes back has been read.
  expectTypeOf(phone.updateSettings).toBeCallableWith({ forwardOnBusy: 'user:bob' as string });
  expectTypeOf(phone.updateSettings).toBeCallableWith({ forwardOnBusy: null, doNotDisturb: true });
  expectTypeOf<UserSettings['forwardOnBusy']>().toEqualTypeOf<Address | null>();
  // @ts-expect-error there is no such setting
  void phone.updateSettings({ forwardOnBsy: 'user:bob' });
  expectTypeOf<Phone['settings']>().toEqualTypeOf<UserSettings | null>();
  // @ts-expect-error nobody is made a moderator by an invitation
  void call.invite('user:bob', { role: 'moderator' });
  // @ts-expect-error there is no such action
  call.may('sing');
});

test('texts are complete: a language without one of them does not compile', () => {
  const { 'error.call_full': _gone, ...words } = {} as Language['words'];
  // @ts-expect-error a code has no text
  const incomplete: Language['words'] = words;
  expectTypeOf(incomplete).toExtend<object>();
  expectTypeOf<TextKey>().toExtend<keyof Language['words']>();
  // @ts-expect-error no such text
  createTexts({ texts: { 'end.exploded': { title: 'Boom' } } });
});

test('listeners get what their event carries', () => {
  const phone = {} as Phone;
  const call = {} as Call;
  expectTypeOf(phone.on<'call.incoming'>)
    .parameter(1)
    .parameter(0)
    .toEqualTypeOf<Call>();
  expectTypeOf(call.on<'call.changed'>)
    .parameter(1)
    .parameter(0)
    .toEqualTypeOf<Call>();
  expectTypeOf(call.on<'call.ended'>)
    .parameter(1)
    .parameter(0)
    .toEqualTypeOf<CallEnd>();
  expectTypeOf(call.on<'participant.changed'>)
    .parameter(1)
    .parameter(0)
    .toEqualTypeOf<ParticipantView>();
  // @ts-expect-error there is no such event
  call.on('call.begun', () => {});
});
