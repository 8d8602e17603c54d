import { expect, test, vi } from 'vitest';

const browserGlobals = [
  'window',
  'document',
  'navigator',
  'location',
  'localStorage',
  'WebSocket',
  'RTCPeerConnection',
  'MediaStream',
  'AudioContext',
  'HTMLElement',
];

test('importing and making a phone in Node touches no global of a browser', async () => {
  const touched: string[] = [];
  const saved = browserGlobals.map(
    (name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const,
  );
  for (const name of browserGlobals) {
    Object.defineProperty(globalThis, name, {
      configurable: true,
      get: () => void touched.push(name),
    });
  }
  try {
    vi.resetModules();
    const { createPhone } = await import('../src/index.ts');
    const never = { connect: () => ({ send: () => {}, close: () => {} }) };
    await createPhone({ url: 'ws://test', token: 'token' }, { transport: never }).close();
  } finally {
    for (const [name, descriptor] of saved) {
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
      else Object.defineProperty(globalThis, name, descriptor);
    }
  }
  expect(touched).toEqual([]);
});
