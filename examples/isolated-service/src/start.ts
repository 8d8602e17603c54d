import { serve } from '@hono/node-server';
import type { ServerType } from '@hono/node-server';
import type { AddressInfo } from 'node:net';
import { createTelephony } from '@ringfence/telephony';
import type { IsolationOptions, Telephony } from '@ringfence/telephony';
import { TelnyxContractServer } from '@ringfence/telephony/testing';
import { createApp } from './app.ts';
import { bundlePage } from './page-files.ts';

export interface RunningExample extends AsyncDisposable {
  readonly url: string;
  readonly telephony: Telephony;
}

/**
 * Starts the app, and a Telnyx of its own on this machine: no account is needed. Rejects when it
 * cannot listen on the port, and leaves nothing running then.
 */
export async function startExample({
  port = 0,
  isolation = {},
}: {
  readonly port?: number;
  readonly isolation?: IsolationOptions;
} = {}): Promise<RunningExample> {
  const files = await bundlePage();
  const telnyx = await TelnyxContractServer.start();
  const telephony = createTelephony({
    providers: [
      {
        kind: 'telnyx',
        // The variable is given to the worker alone, below.
        apiKey: { env: 'EXAMPLE_TELNYX_KEY' },
        apiUrl: telnyx.url,
        connectionId: 'connection-1',
        callControlAppId: 'app-1',
        from: '+12025550100',
      },
      { kind: 'custom', name: 'saboteur' },
    ],
    isolation: {
      workerUrl: new URL('./worker.ts', import.meta.url),
      env: { ...process.env, EXAMPLE_TELNYX_KEY: telnyx.apiKey },
      // What it prints when it breaks is told on the page.
      output: 'ignore',
      heapLimitBytes: 64 * 2 ** 20,
      // Faster than the defaults, which are 30 s, 5 s and 5 s, so that there is less to wait for.
      heartbeatMs: 1_000,
      heartbeatTimeoutMs: 1_000,
      restartDelayMs: 2_000,
      ...isolation,
    },
  });
  const endServices = async (): Promise<void> => {
    await telephony.stop();
    await telnyx.close();
  };
  const app = createApp(telephony, files);
  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port });
  try {
    await listening(server, port);
  } catch (thrown) {
    await endServices();
    throw thrown;
  }
  // The app does not wait for it.
  void telephony.start();
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    telephony,
    async [Symbol.asyncDispose]() {
      if ('closeAllConnections' in server) server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await endServices();
    },
  };
}

function listening(server: ServerType, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', (cause: Error & { readonly code?: string }) => {
      const why = cause.code === 'EADDRINUSE' ? 'it is taken' : (cause.code ?? cause.message);
      reject(new Error(`unable to listen on port ${port}; ${why}`, { cause }));
    });
  });
}
