/* `npm run fault -- NAME [--quick]`: a fault put into a running system, and what it survives. */
import { runNamedCommand } from './named-commands.ts';
import type { NamedCommands } from './named-commands.ts';

/** Later parts add theirs: a killed instance, a lost store, a dead media worker. */
const faults: NamedCommands = {
  breaker: async () => (await import('./faults/breaker.ts')).breaker,
  supervisor: async () => (await import('./faults/supervisor.ts')).supervisor,
  tubes: async () => (await import('./faults/tubes.ts')).tubes,
  races: async () => (await import('./races/races.ts')).races,
};

process.exitCode = await runNamedCommand('fault', faults, process.argv.slice(2), (line) =>
  console.log(line),
);
