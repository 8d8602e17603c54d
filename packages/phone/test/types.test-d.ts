import { expectTypeOf, test } from 'vitest';
import { createPhone } from '../src/index.ts';
import type { Call, CallEnd, Phone, PhoneState, ViewState } from '../src/index.ts';

test('the API a user meets first', () => {
  expectTypeOf(createPhone).toBeCallableWith({ url: 'wss://host/v1/socket', token: 'token' });
  expectTypeOf(createPhone).toBeCallableWith({ url: 'ws://host', token: async () => 'token' });
  expectTypeOf<Phone['dial']>().toBeCallableWith('user:alice', { audio: true, video: true });
  expectTypeOf<Phone['dial']>().returns.resolves.toEqualTypeOf<Call>();
  expectTypeOf<Phone['state']>().toEqualTypeOf<PhoneState>();
  expectTypeOf<Phone>().toExtend<AsyncDisposable>();
  expectTypeOf<Call['state']>().toEqualTypeOf<ViewState>();
  expectTypeOf<Call['ended']>().returns.resolves.toEqualTypeOf<CallEnd>();
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
  // @ts-expect-error there is no such event
  call.on('call.begun', () => {});
});
