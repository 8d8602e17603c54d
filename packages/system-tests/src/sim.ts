/* `npm run sim -- --seeds 1000`, `--seed N` to replay one, `--quick`. */
import { runSimulator } from './simulator/command.ts';

process.exitCode = await runSimulator(process.argv.slice(2), (line) => console.log(line));
