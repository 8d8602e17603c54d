import { expect, test, vi } from 'vitest';
import { TubeRegistry } from '@ringfence/isolation';

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

test('importing and making a phone, its ringer and texts in Node touches no global of a browser', async () => {
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
    const { createRinger } = await import('../src/ringer/index.ts');
    const { createTexts } = await import('../src/texts/index.ts');
    const never = { connect: () => ({ send: () => {}, close: () => {} }) };
    const phone = createPhone(
      { url: 'ws://test', token: 'token', tubes: new TubeRegistry() },
      { transport: never },
    );
    createRinger(phone).close();
    createTexts().ofError('unknown');
    await phone.close();
  } finally {
    for (const [name, descriptor] of saved) {
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
      else Object.defineProperty(globalThis, name, descriptor);
    }
  }
  expect(touched).toEqual([]);
});
