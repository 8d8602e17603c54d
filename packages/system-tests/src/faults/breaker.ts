/* `npm run fault -- breaker`: what is hard for a circuit breaker, and 100,000 random histories. */
import type { NamedCommand } from '../named-commands.ts';
import { halfOpenCrowd, hungProbe, lateAnswers, steppedClock } from './breaker-cases.ts';
import { checkSequences } from './breaker-model.ts';

const SEED = 1;

export const breaker: NamedCommand = async ({ quick, print }) => {
  let ok = true;
  const figures: Record<string, unknown> = {};
  const cases = [() => halfOpenCrowd(quick ? 20 : 100), hungProbe, steppedClock, lateAnswers];
  for (const each of cases) {
    const finding = await each();
    ok &&= finding.ok;
    print(`${finding.ok ? '  ' : '! '}${finding.line}`);
    Object.assign(figures, finding.figures);
  }
  const { sequences, steps, difference } = checkSequences(quick ? 20_000 : 100_000, SEED);
  ok &&= difference === undefined;
  print(
    `${difference === undefined ? '  ' : '! '}${sequences} random sequences beside a plain model, ` +
      `${steps} steps, seed ${SEED}: ${difference ?? 'no difference'}`,
  );
  return {
    ok,
    figures: { ...figures, sequences, steps, seed: SEED, difference: difference ?? null },
  };
};
