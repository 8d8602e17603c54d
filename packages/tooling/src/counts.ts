/** The figures of the line that closes a test run. */
export type Counts = { passed: number; failed: number; skipped: number };

/** The part of vitest's result tree that is counted. */
export type CountedModule = {
  ok: () => boolean;
  errors: () => readonly unknown[];
  children: {
    allTests: () => Iterable<{ result: () => { state: string } }>;
    allSuites: () => Iterable<{ errors: () => readonly unknown[] }>;
  };
};

/**
 * Counts tests, and as one failure each: an error of a file (syntax, import, a hook outside every
 * suite), an error of a suite (a hook inside it), an error nobody caught. A run without any test
 * has failed too.
 */
export function countResults(
  modules: readonly CountedModule[],
  unhandled: readonly unknown[],
): Counts {
  const counts: Counts = { passed: 0, failed: unhandled.length, skipped: 0 };
  for (const module of modules) {
    const before = counts.failed;
    counts.failed += module.errors().length;
    for (const suite of module.children.allSuites()) counts.failed += suite.errors().length;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') counts.passed += 1;
      else if (state === 'skipped') counts.skipped += 1;
      else counts.failed += 1;
    }
    if (counts.failed === before && !module.ok()) counts.failed += 1;
  }
  if (counts.passed + counts.failed + counts.skipped === 0) counts.failed = 1;
  return counts;
}

/** The line itself: `12 passed, 0 failed, 1 skipped`. */
export function formatCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
