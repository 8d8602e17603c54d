import { Bench } from './conformance-bench.ts';
import type { MediaUnderTest } from './conformance-bench.ts';
import { deviceChecks } from './device-checks.ts';
import { meshChecks } from './mesh-checks.ts';
import { pairChecks } from './pair-checks.ts';

/** One promise of the port. Needs no test framework, so that a page can run it. */
export interface MediaCheck {
  readonly name: string;
  /** Rejects with what was not as promised. */
  run(): Promise<void>;
}

/**
 * The promises of {@link MediaEngine}, one check each. Every engine keeps them: the browser's and
 * the fake.
 *
 * @example
 * for (const check of mediaConformance(makeEngines)) test(check.name, check.run);
 */
export function mediaConformance(
  make: () => MediaUnderTest | Promise<MediaUnderTest>,
): readonly MediaCheck[] {
  return [...pairChecks, ...meshChecks, ...deviceChecks].map(([name, show]) => ({
    name,
    async run() {
      const bench = new Bench(await make());
      try {
        await show(bench);
      } finally {
        await bench.close();
      }
    },
  }));
}
