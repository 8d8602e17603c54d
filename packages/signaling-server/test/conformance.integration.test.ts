import { describe, it } from 'vitest';
import { createInProcessBus } from '@ringfence/signaling-server';
import { createMemoryStore } from '@ringfence/signaling-server/memory-store';
import { busConformance, storeConformance } from '@ringfence/signaling-server/testing';

describe('the memory store is a store', () => {
  for (const { name, run } of storeConformance(() => ({ store: createMemoryStore() })))
    it(name, run);
});

describe('the in-process bus is a bus', () => {
  const make = () => {
    const bus = createInProcessBus();
    return { a: bus, b: bus };
  };
  for (const { name, run } of busConformance(make)) it(name, run);
});
