#!/usr/bin/env node
import { runCommand } from './clean-up/command.ts';

process.exitCode = await runCommand(process.argv.slice(2), {
  print: (line) => console.log(line),
  complain: (line) => console.error(line),
});
