/* `npm run fault -- NAME`: a fault put into a running system, and what it survives. */
import { runNamedCommand } from './named-commands.ts';
import type { NamedCommands } from './named-commands.ts';

/** Later parts add theirs: a killed instance, a lost store, a dead media worker. */
const faults: NamedCommands = {};

process.exitCode = await runNamedCommand('fault', faults, process.argv.slice(2), (line) =>
  console.log(line),
);
