/* The telephony worker: the providers of the app, and one that breaks the worker it lives in. */
import { createProviders, ProviderError, serveTelephony } from '@ringfence/telephony/worker';
import type { Provider } from '@ringfence/telephony/worker';

/** Ways to break a worker. */
const ways: Readonly<Record<string, () => unknown>> = {
  crash() {
    setTimeout(() => {
      throw new Error('crashed by the button');
    }, 0);
    return new Promise(() => {});
  },
  hang() {
    for (;;);
  },
  starve() {
    const kept: number[][] = [];
    for (;;) kept.push(Array.from({ length: 10_000 }, () => Math.random()));
  },
};

const refuse = (): never => {
  throw new ProviderError('not_supported', 'unable to do this; it only breaks', { effect: 'none' });
};

/** Answering the call `saboteur:crash` crashes the worker. */
const saboteur: Provider = {
  name: 'saboteur',
  calls: {
    place: async () => refuse(),
    answer: async (way) => void (await (ways[way] ?? refuse)()),
    end: async () => refuse(),
  },
  issueCredential: async () => refuse(),
  revokeCredential: async () => refuse(),
  cleanUpCredentials: async () => ({ removed: 0, kept: 0 }),
};

serveTelephony(process.argv[2], async (configs) => [
  ...(await createProviders(configs, { env: process.env })),
  saboteur,
]);
