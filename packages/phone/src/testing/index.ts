export { createFakePhone } from './fake-phone.ts';

export type { FakePeer, FakePhone, FakePhoneOptions } from './fake-phone.ts';
