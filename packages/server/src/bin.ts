#!/usr/bin/env node
import { failureText, readCommandLine } from './command-line.ts';
import { startServer } from './start-server.ts';

/** Ends the process and says what was wrong and what to do. */
function fail(thrown: unknown): never {
  process.stderr.write(`ringfence-server: ${failureText(thrown)}\n`);
  process.exit(1);
}

async function main(): Promise<void> {
  const command = readCommandLine(process.argv.slice(2), process.env);
  if (command.kind === 'help') {
    process.stdout.write(command.text);
    return;
  }
  const server = await startServer(command.config);
  let isStopping = false;
  const stop = (): void => {
    // Whoever asks twice does not want to wait.
    if (isStopping) process.exit(1);
    isStopping = true;
    void server.close();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

main().catch(fail);
