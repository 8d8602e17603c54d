/*
 * `npm run demo [-- --port N] [--lan] [--check]`: the reference server with the quickstart page.
 */
import { parseArgs } from 'node:util';
import type { Browser } from 'playwright-core';
import { startServer } from '@ringfence/server';
import type { RunningServer } from '@ringfence/server';
import { callContext, launchChromium } from './browser/chromium.ts';
import { measureCall, prepareMeasuring } from './browser/measured-call.ts';
import type { MeasuredCall } from './browser/measured-call.ts';
import { builtPage } from './browser/pages.ts';

const usage = `usage: npm run demo [-- [--port N] [--lan] [--check]]

  --port N   listen there; default 8080
  --lan      serve other machines of the network too, over HTTPS with a certificate made here
  --check    place 5 calls in a headless Chromium, print how fast they were, and end
  --help     this text`;

/** How many calls `--check` places. */
const checkedCalls = 5;

interface DemoArguments {
  readonly port: number | null;
  readonly lan: boolean;
  readonly check: boolean;
}

/** Reads the arguments, or says what is wrong with them. */
export function readDemoArguments(args: readonly string[]): DemoArguments | { problem: string } {
  let values: { port?: string; lan?: boolean; check?: boolean };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: { port: { type: 'string' }, lan: { type: 'boolean' }, check: { type: 'boolean' } },
    }));
  } catch (error) {
    return { problem: (error as Error).message };
  }
  const port = values.port === undefined ? null : Number(values.port);
  if (port !== null && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    return { problem: `--port ${values.port} is not a number from 0 to 65535` };
  }
  return { port, lan: values.lan ?? false, check: values.check ?? false };
}

/** Drives the page as two users would, and measures. The last line printed is one JSON object. */
async function check(server: RunningServer): Promise<boolean> {
  const calls: MeasuredCall[] = [];
  let error: string | undefined;
  let browser: Browser | undefined;
  try {
    browser = await launchChromium();
    for (let index = 1; index <= checkedCalls; index += 1) {
      const context = await callContext(browser);
      await prepareMeasuring(context);
      const call = await measureCall(context, server.url, String(index));
      calls.push(call);
      console.log(
        `call ${index}: rings after ${call.dialToRingingMs} ms; ` +
          `sound and picture on both sides ${call.acceptToMediaMs} ms after the answer`,
      );
      await context.close();
    }
  } catch (thrown) {
    error = thrown instanceof Error ? thrown.message : String(thrown);
    console.log(error);
  } finally {
    await browser?.close();
  }
  const ok = error === undefined && calls.length === checkedCalls;
  console.log(ok ? 'Every call had sound and picture on both sides.' : 'The check failed.');
  console.log(
    JSON.stringify({
      ok,
      calls: calls.length,
      dialToRingingMs: calls.map(({ dialToRingingMs }) => dialToRingingMs),
      acceptToMediaMs: calls.map(({ acceptToMediaMs }) => acceptToMediaMs),
      ...(error !== undefined && { error: error.split('\n')[0] }),
    }),
  );
  return ok;
}

function tell(server: RunningServer, isLan: boolean): void {
  // Only the addresses that others can reach are worth a line there.
  const reachable = server.urls.filter((url) => !/\/\/(127\.|\[)/.test(url));
  const urls =
    isLan && reachable.length > 0 ? reachable : [server.url.replace('127.0.0.1', 'localhost')];
  console.log(`Ringfence demo: ${urls.join('  ')}`);
  console.log(
    isLan
      ? 'Open it on two machines; accept the certificate, sign in with two names, and call. Ctrl+C ends.'
      : 'Open it in two tabs, sign in with two names, and call one from the other. Ctrl+C ends.',
  );
}

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) return console.log(usage);
  const options = readDemoArguments(args);
  if ('problem' in options) {
    console.error(`${options.problem}\n\n${usage}`);
    process.exitCode = 2;
    return;
  }
  const { lan, check: isCheck } = options;
  const folder = await builtPage('quickstart');
  const server = await startServer({
    port: options.port ?? (isCheck ? 0 : 8_080),
    dev: true,
    staticFolder: folder,
    logLevel: 'error',
    ...(lan && { host: '0.0.0.0', tls: true, devAllowRemote: true }),
  });
  if (isCheck) {
    try {
      if (!(await check(server))) process.exitCode = 1;
    } finally {
      await server.close();
    }
    return;
  }
  tell(server, lan);
  stopOnSignal(server);
}

/** The first signal stops the server; a later one does not wait for it. */
function stopOnSignal(server: RunningServer): void {
  let stoppingSince: number | null = null;
  const stop = (): void => {
    if (stoppingSince === null) {
      stoppingSince = performance.now();
      void server.close().then(() => process.exit(0));
      // One press of Ctrl+C arrives twice: from the terminal, and from npm.
    } else if (performance.now() - stoppingSince > 500) {
      process.exit(1);
    }
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, stop);
}

if (import.meta.main) {
  try {
    await main(process.argv.slice(2));
  } catch (thrown) {
    // A port in use, a missing browser: the message says it all.
    console.error(thrown instanceof Error ? thrown.message : thrown);
    process.exitCode = 1;
  }
}
