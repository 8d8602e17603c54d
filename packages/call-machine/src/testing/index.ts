export { FakeCallMedia, FakeSignaling } from './fake-ports.ts';

export type { MediaRequest } from './fake-ports.ts';
