/* `npm run bench -- NAME [--quick]`: a figure we claim, measured, with its bound. */
import { runNamedCommand } from './named-commands.ts';
import type { NamedCommands } from './named-commands.ts';

const benchmarks: NamedCommands = {
  size: async () => (await import('./benchmarks/size.ts')).size,
  machine: async () => (await import('./benchmarks/machine.ts')).machine,
  setup: async () => (await import('./benchmarks/setup.ts')).setup,
  breaker: async () => (await import('./benchmarks/breaker.ts')).breaker,
  isolation: async () => (await import('./benchmarks/isolation.ts')).isolation,
  status: async () => (await import('./benchmarks/status.ts')).status,
};

process.exitCode = await runNamedCommand('bench', benchmarks, process.argv.slice(2), (line) =>
  console.log(line),
);
