import { RecordingLogger, FakeClock, seededRandom } from '@ringfence/base/testing';
import { MemoryChild } from '@ringfence/isolation/testing';
import { createTelephony } from '../src/index.ts';
import type { IsolationOptions, ProviderConfig, Telephony } from '../src/index.ts';
import { isWorkerResult } from '../src/worker/contract.ts';
import type { TelephonyWorker } from '../src/worker/contract.ts';
import type { ProviderDesk } from '../src/worker/provider-desk.ts';
import { openDesk, telephonyHandlers } from '../src/worker/serve-telephony.ts';
import { createProviders } from '../src/worker/index.ts';
import { TelnyxContractServer } from '../src/testing/index.ts';

/** Telephony whose workers live in the process of the test, with a Telnyx of its own. */
export interface MemoryTelephony extends AsyncDisposable {
  readonly telephony: Telephony;
  readonly telnyx: TelnyxContractServer;
  readonly clock: FakeClock;
  readonly logger: RecordingLogger;
  /** The workers so far, the newest last. */
  readonly workers: MemoryChild<TelephonyWorker>[];
}

export async function memoryTelephony(
  isolation: IsolationOptions = {},
  more: Partial<ProviderConfig> = {},
): Promise<MemoryTelephony> {
  const clock = new FakeClock(1_700_000_000_000);
  const logger = new RecordingLogger();
  const telnyx = await TelnyxContractServer.start({}, { clock });
  const providers: readonly ProviderConfig[] = [
    {
      kind: 'telnyx',
      apiKey: { env: 'KEY' },
      apiUrl: telnyx.url,
      connectionId: 'connection-1',
      callControlAppId: 'app-1',
      from: '+12025550100',
      webhookPublicKey: telnyx.webhookPublicKey,
      ...more,
    } as ProviderConfig,
  ];
  const workers: MemoryChild<TelephonyWorker>[] = [];
  const createWorker = (): MemoryChild<TelephonyWorker> => {
    let desk: ProviderDesk | undefined;
    const ready = async (): Promise<void> => {
      const env = { KEY: telnyx.apiKey };
      desk = await openDesk(providers, (configs) => createProviders(configs, { env, clock }));
    };
    const options = { ready, isResult: isWorkerResult, callTimeoutMs: 35_000 };
    const handlers = telephonyHandlers(() => desk!) as TelephonyWorker['calls'];
    const worker = new MemoryChild<TelephonyWorker>(handlers, options, { clock });
    workers.push(worker);
    return worker;
  };
  const telephony = createTelephony(
    { providers, isolation: { restartJitter: 0, ...isolation } },
    { clock, logger, random: seededRandom(1), createWorker },
  );
  return {
    telephony,
    telnyx,
    clock,
    logger,
    workers,
    async [Symbol.asyncDispose]() {
      await telephony.stop();
      await telnyx.close();
    },
  };
}
