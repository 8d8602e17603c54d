export { busConformance } from './bus-conformance.ts';
export { storeConformance } from './store-conformance.ts';
export { createTestAuth, testToken } from './test-auth.ts';
export { TestClient } from './test-client.ts';

export type { BusPair } from './bus-conformance.ts';
export type { ConformanceCase } from './conformance-case.ts';
export type { TestTokenClaims } from './test-auth.ts';
