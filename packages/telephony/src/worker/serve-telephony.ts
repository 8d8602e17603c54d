import { serve } from '@ringfence/isolation/supervisor/child';
import type { CallContext } from '@ringfence/isolation/supervisor/child';
import { nameOf, readProviderConfigs } from '../provider/provider-config.ts';
import type { ProviderConfig } from '../provider/provider-config.ts';
import type { Provider } from '../provider/provider.ts';
import { ProviderError } from '../provider/provider-error.ts';
import type { TelephonyWorker } from './contract.ts';
import { ProviderDesk } from './provider-desk.ts';

/** Makes the providers of a worker from what the host named. It may read secrets. */
export type MakeProviders = (
  configs: readonly ProviderConfig[],
) => Promise<readonly Provider[]> | readonly Provider[];

type Inputs = {
  [Name in keyof TelephonyWorker['calls']]: Parameters<TelephonyWorker['calls'][Name]>[0];
};

/** The functions of a worker. `desk` is there from the time the worker is ready. */
export function telephonyHandlers(desk: () => ProviderDesk) {
  return {
    issueCredential: (request: Inputs['issueCredential'], { signal }: CallContext) =>
      desk().issueCredential(request, signal),
    revokeCredential: (of: Inputs['revokeCredential'], { signal }: CallContext) =>
      desk().revokeCredential(of, signal),
    cleanUpCredentials: (request: Inputs['cleanUpCredentials'], { signal }: CallContext) =>
      desk().cleanUpCredentials(request, signal),
    placeCall: (request: Inputs['placeCall'], { signal }: CallContext) =>
      desk().placeCall(request, signal),
    answerCall: (of: Inputs['answerCall'], { signal }: CallContext) =>
      desk().answerCall(of, signal),
    endCall: (of: Inputs['endCall'], { signal }: CallContext) => desk().endCall(of, signal),
    providers: () => desk().states(),
  };
}

/**
 * Makes a desk of what the host sent.
 *
 * @throws {ProviderError} `start_failed` when a provider that the host named was not made.
 */
export async function openDesk(sent: unknown, make: MakeProviders): Promise<ProviderDesk> {
  const configs = readProviderConfigs(sent);
  const timeoutMs = new Map<string, number>();
  for (const config of configs) {
    if (config.timeoutMs !== undefined) timeoutMs.set(nameOf(config), config.timeoutMs);
  }
  const made = await make(configs);
  // In the order the host named them.
  const order = configs.map(nameOf);
  const known = made.filter(({ name }) => order.includes(name));
  const missing = order.find((each) => !known.some(({ name }) => name === each));
  if (missing !== undefined) {
    const message = `unable to start; this worker makes no provider ${missing}: name a file that does in isolation.workerUrl`;
    throw new ProviderError('start_failed', message, { effect: 'none' });
  }
  known.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  return new ProviderDesk(known, { timeoutMs });
}

/**
 * Runs telephony in a worker: to be called once, at its start. `sent` is what the host gave to a
 * process on its command line; a thread has it as its data.
 *
 * @example
 * serveTelephony(process.argv[2], async (configs) => [
 *   ...(await createProviders(configs, { env: process.env })),
 *   myProvider(),
 * ]);
 */
export function serveTelephony(sent: string | undefined, make: MakeProviders): void {
  let desk: ProviderDesk | undefined;
  const served = serve(
    telephonyHandlers(() => desk!),
    {
      async ready() {
        // serve() has to return first: the data of a thread comes from it.
        await Promise.resolve();
        desk = await openDesk(served.data ?? JSON.parse(sent ?? 'null'), make);
      },
    },
  );
}
