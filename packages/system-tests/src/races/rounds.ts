import { Arena } from './arena.ts';
import { disagreement, faultsAtEnd } from './agreement.ts';
import { raceKinds } from './kinds.ts';
import type { RaceKind } from './kinds.ts';
import type { Stage } from './stage.ts';

/** Some races of one kind in one world. */
export interface Batch {
  readonly kind: string;
  readonly seed: number;
  readonly runs: number;
}

/** What came of them. */
export interface BatchResult {
  readonly outcomes: Readonly<Record<string, number>>;
  /** Races in which a network failed. */
  readonly troubled: number;
  /** What is broken, one line each, with the group it happened in. Must be empty. */
  readonly broken: readonly { readonly group: number; readonly line: string }[];
  /** The trace of the group that was asked for. */
  readonly lines: readonly string[];
}

/** The groups of a world: races of many run at the same time. */
const GROUPS = 25;
/** The longest until all agree after a race. */
const AGREE_MS = 90_000;
/** All must agree for so long before it counts: nothing is under way any more. */
const STABLE_MS = 400;
/** The longest until all calls are over once everybody has hung up. */
const OVER_MS = 60_000;

/** Runs a batch. The same batch gives the same result. `trace` names a group to follow. */
export async function runBatch({ kind, seed, runs }: Batch, trace?: number): Promise<BatchResult> {
  const race = raceKinds[kind]!;
  const arena = new Arena({ seed, groups: Math.min(GROUPS, runs), cast: race.cast, trace });
  const outcomes: Record<string, number> = {};
  const broken: { group: number; line: string }[] = [];
  let troubled = 0;
  let left = runs;
  const play = async (stage: Stage, group: number): Promise<void> => {
    await stage.wellAgain();
    while (left > 0) {
      left -= 1;
      const faults: string[] = [];
      const outcome = await playRound(stage, race, faults);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      if (stage.isTroubled) troubled += 1;
      for (const line of faults) broken.push({ group, line: `${outcome}: ${line}` });
      stage.clear();
    }
  };
  await arena.run(Promise.all(arena.stages.map(play)));
  for (const fault of arena.store.faults) broken.push({ group: 0, line: `a write: ${fault}` });
  for (const line of await arena.close()) broken.push({ group: 0, line: `at the end: ${line}` });
  return { outcomes, troubled, broken, lines: arena.lines };
}

/** One race from its start until nothing is left of it. Returns how it came out. */
async function playRound(stage: Stage, race: RaceKind, faults: string[]): Promise<string> {
  let outcome: string;
  try {
    outcome = await race.run(stage, () => agree(stage, faults));
    faults.push(...(race.check?.(stage, outcome) ?? []));
  } catch (thrown) {
    outcome = 'broken';
    faults.push((thrown as Error).message);
  }
  const isOver = (): boolean =>
    stage.calls.every(({ facts }) => facts.call.state === 'ended') &&
    stage.parties.every(({ phone }) => phone.calls.length === 0) &&
    disagreement(stage) === null;
  // Twice: a call may come back to who made a transfer.
  for (let round = 0; round < 2; round += 1) {
    for (const { live } of stage.parties) for (const { call } of live) call.hangUp();
    if (await stage.until(isOver, OVER_MS / 2)) break;
  }
  if (!isOver()) faults.push(`the calls are not over: ${disagreement(stage)}`);
  await stage.wellAgain();
  await stage.pause(STABLE_MS);
  faults.push(...faultsAtEnd(stage));
  return outcome;
}

/** Waits until all agree, and still do a moment later. */
async function agree(stage: Stage, faults: string[]): Promise<void> {
  for (;;) {
    if (!(await stage.until(() => disagreement(stage) === null, AGREE_MS))) {
      faults.push(`no agreement: ${disagreement(stage)}`);
      return;
    }
    await stage.pause(STABLE_MS);
    if (disagreement(stage) === null) return;
  }
}
