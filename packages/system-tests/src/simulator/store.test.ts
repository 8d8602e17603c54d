import { systemClock } from '@ringfence/base';
import { seededRandom } from '@ringfence/base/testing';
import { createMemoryStore } from '@ringfence/signaling-server/memory-store';
import { storeConformance } from '@ringfence/signaling-server/testing';
import { describe, it } from 'vitest';
import { countTrips } from '../benchmarks/counting-store.ts';
import { SimulatedStore } from './store.ts';

describe('the simulated store is a store', () => {
  const make = () => {
    const options = { random: seededRandom(1), longestMs: 2 };
    return { store: new SimulatedStore(systemClock, systemClock, options) };
  };
  for (const { name, run } of storeConformance(make)) it(name, run);
});

describe('a store whose trips are counted is a store', () => {
  const make = () => ({ store: countTrips(createMemoryStore()) });
  for (const { name, run } of storeConformance(make)) it(name, run);
});
