import { seededRandom } from '@ringfence/base/testing';
import { expect, test, vi } from 'vitest';
import { nextDeadlineAt } from './facts.ts';
import { checkCallInvariants, randomCall, takeStep } from './testing/index.ts';
import type { CallStepTaken } from './testing/index.ts';

/*
 * Random calls of many shapes, by seed. A seed that fails is printed; run it alone with
 * `check(seed)`.
 */
const seeds = 1_000;

// The walk is long where the machine is busy.
vi.setConfig({ testTimeout: 60_000 });

/** Commands that ask for what is then so: a second one at once makes no event (rule 7). */
const repeatable = new Set([
  'call.ring',
  'call.accept',
  'call.decline',
  'call.hang-up',
  'call.media',
  'call.update',
]);

function checkStep({ before, step, circumstances, decision }: CallStepTaken): void {
  const again = takeStep(before, step, circumstances);
  expect(again, 'the same question has the same answer').toEqual(decision);
  if (decision.refusal !== undefined) return;
  if (before?.call.state === 'ended') {
    expect(decision, 'rule 3').toEqual({ events: [], facts: before, before: null });
  }
  if (decision.facts === null) return;
  const repeated = takeStep(decision.facts, step, circumstances);
  if ('system' in step || repeatable.has(step.command.type)) {
    expect(repeated.refusal ?? repeated.events, 'rules 4 and 7').toEqual(repeated.refusal ?? []);
  }
  if ('system' in step && step.system.type === 'deadline.passed') {
    const next = nextDeadlineAt(decision.facts);
    expect(next === null || next > circumstances.now, 'a deadline that fired is gone').toBe(true);
  }
}

function check(seed: number): { readonly shape: string } {
  const call = randomCall(seededRandom(seed));
  checkCallInvariants(call);
  for (const step of call.steps) checkStep(step);
  const { state, endReason, endCause } = call.facts?.call ?? {};
  return { shape: `${state ?? 'none'} ${endReason ?? ''} ${endCause ?? ''}`.trim() };
}

test(`${seeds} random calls hold every invariant (P-501, P-502)`, () => {
  const shapes = new Map<string, number>();
  for (let seed = 1; seed <= seeds; seed += 1) {
    try {
      const { shape } = check(seed);
      shapes.set(shape, (shapes.get(shape) ?? 0) + 1);
    } catch (error) {
      throw new Error(`the call of seed ${seed} breaks the rules`, { cause: error });
    }
  }
  // The walk has to come to every end there is, or it proves little.
  expect([...shapes.keys()]).toEqual(
    expect.arrayContaining([
      'active',
      'ended busy',
      'ended canceled',
      'ended canceled caller_lost',
      'ended completed',
      'ended declined',
      'ended failed callee_lost',
      'ended failed caller_lost',
      'ended failed media_failed',
      'ended failed media_timeout',
      'ended failed permission_denied',
      'ended terminated',
      'ended unanswered',
      'ended unreachable',
    ]),
  );
});

test('the same seed gives the same call', () => {
  expect(randomCall(seededRandom(42))).toEqual(randomCall(seededRandom(42)));
});
