export { createMemoryTransport } from './memory-transport.ts';
export { transportConformance } from './transport-conformance.ts';

export type {
  MemoryAccept,
  MemorySocket,
  MemorySocketEvents,
  MemoryTransport,
  MemoryTransportOptions,
} from './memory-transport.ts';
export type { ConformanceCase, TransportHarness, TransportPeer } from './transport-conformance.ts';
