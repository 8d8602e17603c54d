import { writeFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';
import { countResults, formatCounts } from './counts.ts';

/** Names the file that takes the counts when another process prints the line. */
export const countsVariable = 'RINGFENCE_TEST_COUNTS';

/** Prints `N passed, N failed, N skipped` as the last line of a run; any failure fails the run. */
export default class CountReporter implements Reporter {
  onTestRunEnd(
    modules: ReadonlyArray<TestModule>,
    unhandledErrors: ReadonlyArray<SerializedError>,
  ): void {
    const counts = countResults(modules, unhandledErrors);
    if (counts.failed > 0) process.exitCode = 1;
    const file = process.env[countsVariable];
    if (file) {
      writeFileSync(file, JSON.stringify(counts));
    } else {
      // Other reporters print their summary in the same phase; the line waits for the exit.
      process.once('exit', () => process.stdout.write(`${formatCounts(counts)}\n`));
    }
  }
}
