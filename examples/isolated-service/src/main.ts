import { parseArgs } from 'node:util';
import { startExample } from './start.ts';
import type { RunningExample } from './start.ts';

async function run(): Promise<RunningExample> {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '8090' } } });
  const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : Infinity;
  if (port <= 65_535) return startExample({ port });
  throw new Error(`unable to use option --port; ${values.port} is not a number from 0 to 65535`);
}

try {
  const example = await run();
  console.log(`The isolated service: ${example.url.replace('127.0.0.1', 'localhost')}`);
  console.log('Open it, break the worker, and see that the rest goes on. Ctrl+C ends.');
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void example[Symbol.asyncDispose]());
  }
} catch (thrown) {
  // One line: whoever chose the port has no use for a stack.
  console.error((thrown as Error).message);
  process.exitCode = 1;
}
