import { seededRandom } from '@ringfence/base/testing';
import { describe, expect, test, vi } from 'vitest';
import { isEngaged, joinedLegs, legOfDevice, nextDeadlineAt, participantOfUser } from './facts.ts';
import type { CallFacts } from './facts.ts';
import type { CallOutcome } from './draft.ts';
import { checkCallInvariants, factFaults, randomCalls, takeStep } from './testing/index.ts';
import type { CallStepTaken } from './testing/index.ts';

/*
 * Random calls of many shapes, by seed. A seed that fails is printed; run it alone with
 * `check(seed, new Map())`.
 */
const parts = 5;
const seedsOfPart = 400;

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

/** A quarter of a million steps are checked: `expect` for each would take longer than the rules. */
function hold(holds: boolean, what: string, step: CallStepTaken): void {
  if (!holds) throw new Error(`${what}: ${JSON.stringify(step)}`);
}

function checkStep(taken: CallStepTaken): void {
  const { before, step, circumstances, decision } = taken;
  const again = takeStep(before, step, circumstances);
  hold(
    JSON.stringify(again) === JSON.stringify(decision),
    'the same question has another answer',
    taken,
  );
  if (decision.refusal !== undefined) return;
  const { events, facts, other } = decision;
  if (before?.call.state === 'ended') {
    hold(events.length === 0 && facts === before && other === undefined, 'rule 3', taken);
  }
  if (facts === null) return;
  hold(factFaults(facts).length === 0, factFaults(facts).join(), taken);
  if ('system' in step || repeatable.has(step.command.type)) {
    const repeated = takeStep(facts, step, circumstances);
    const isDone = repeated.refusal !== undefined || repeated.events.length === 0;
    hold(isDone, 'rules 4 and 7', taken);
  }
  if ('system' in step && step.system.type === 'deadline.passed') {
    const next = nextDeadlineAt(facts);
    hold(next === null || next > circumstances.now, 'a deadline that fired is still there', taken);
  }
  if (other !== undefined) checkMove(taken, facts, other);
}

/** Two calls changed at once: one ended, and everyone in it is in the other, the actor as asked. */
function checkMove({ before, step }: CallStepTaken, facts: CallFacts, other: CallOutcome): void {
  expect(factFaults(other.facts), 'the facts of the other call').toEqual([]);
  const isDial = before === null;
  const [over, goesOn] = isDial ? [facts, other.facts] : [other.facts, facts];
  expect(over.call).toMatchObject({
    state: 'ended',
    endReason: 'transferred',
    movedTo: goesOn.call.id,
  });
  const { userId, deviceId } = 'actor' in step ? step.actor : { userId: '', deviceId: '' };
  const isLeaving = 'actor' in step && step.command.type === 'call.transfer';
  expect(isEngaged(goesOn, userId), 'the actor goes on in the call').toBe(!isLeaving);
  if (!isLeaving) {
    const leg = legOfDevice(goesOn, userId, deviceId);
    expect(joinedLegs(goesOn)).toContainEqual(leg);
  }
  if (isDial) return;
  // Whoever was in the call that ended was in it until this very write.
  const movers = over.participants.filter(
    (each) => each.leftAt === over.call.endedAt && each.userId !== userId,
  );
  for (const mover of movers) {
    const here = participantOfUser(goesOn, mover.userId);
    if (here?.via !== 'transfer' && here?.via !== 'merge') continue;
    expect(here.state, `${mover.userId} came along`).not.toBe('left');
  }
}

function shapeOf({ call, participants }: CallFacts): string {
  const ways = new Set(participants.map(({ via }) => via).filter((via) => via !== 'dial'));
  const end = [call.state, call.endReason ?? '', call.endCause ?? ''].join(' ').trim();
  return [end, ...ways].join(', ');
}

function check(seed: number, shapes: Map<string, number>): void {
  const { calls, steps } = randomCalls(seededRandom(seed));
  for (const call of calls) {
    checkCallInvariants(call);
    if (call.facts === null) continue;
    for (const shape of shapeOf(call.facts).split(', ')) {
      shapes.set(shape, (shapes.get(shape) ?? 0) + 1);
    }
  }
  for (const step of steps) {
    checkStep(step);
    const { decision } = step;
    if (decision.refusal !== undefined) {
      const { code } = decision.refusal;
      shapes.set(code, (shapes.get(code) ?? 0) + 1);
    } else if (decision.other !== undefined && 'actor' in step.step) {
      const move = `two calls by ${step.step.command.type}`;
      shapes.set(move, (shapes.get(move) ?? 0) + 1);
    }
  }
}

const shapes = new Map<string, number>();

describe('towns full of random calls hold every invariant (P-501, P-502)', () => {
  test.each(Array.from({ length: parts }, (_, part) => 1 + part * seedsOfPart))(
    `${seedsOfPart} from seed %i on`,
    (first) => {
      for (let seed = first; seed < first + seedsOfPart; seed += 1) {
        try {
          check(seed, shapes);
        } catch (error) {
          throw new Error(`the calls of seed ${seed} break the rules`, { cause: error });
        }
      }
    },
  );
});

test('they came to every end, every refusal and every way into a call', () => {
  // Or they prove little.
  expect([...shapes.keys()]).toEqual(
    expect.arrayContaining([
      'active',
      'connecting',
      'ringing',
      'ended busy',
      'ended canceled',
      'ended canceled caller_lost',
      'ended canceled callee_lost',
      'ended completed',
      'ended declined',
      'ended failed callee_lost',
      'ended failed caller_lost',
      'ended failed media_failed',
      'ended failed media_timeout',
      'ended failed permission_denied',
      'ended terminated',
      'ended terminated maximum_length',
      'ended transferred',
      'ended unanswered',
      'ended unreachable',
      'invite',
      'transfer',
      'forward',
      'return',
      'merge',
      'two calls by call.dial',
      'two calls by call.transfer',
      'two calls by call.merge',
      'already_in_call',
      'already_there',
      'answered_elsewhere',
      'call_ended',
      'call_full',
      'call_not_found',
      'callee_unavailable',
      'cannot_dial_self',
      'deadline_passed',
      'leg_lost',
      'not_permitted',
      'participant_not_found',
      'same_call',
      'wrong_state',
    ]),
  );
});

test('the same seed gives the same calls', () => {
  expect(randomCalls(seededRandom(42))).toMatchObject({
    calls: randomCalls(seededRandom(42)).calls,
  });
});
