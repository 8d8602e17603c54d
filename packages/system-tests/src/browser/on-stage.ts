import { afterAll, afterEach, beforeAll, vi } from 'vitest';
import type { BareUser, BareUserOptions } from './bare-user.ts';
import { openStage } from './stage.ts';
import type { Stage, StageOptions } from './stage.ts';

/** The stage of the tests of one file, and users on it whom no other test knows. */
export interface SharedStage {
  readonly stage: Stage;
  /** Opens users by first name; each test has its own. */
  users<Names extends readonly string[]>(
    ...names: Names
  ): Promise<{ readonly [Index in keyof Names]: BareUser }>;
  user(name: string, options?: BareUserOptions): Promise<BareUser>;
  /** The id that `user(name)` has, or will have, in this test. */
  idOf(name: string): string;
}

/** One server and one browser for all tests of a file; users and contexts go after each test. */
export function onStage(options: StageOptions): SharedStage {
  vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 });
  let stage: Stage | undefined;
  let count = 0;
  beforeAll(async () => {
    stage = await openStage(options);
  });
  afterEach(async () => {
    count += 1;
    await stage?.clear();
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());
  const shared: SharedStage = {
    get stage() {
      return stage!;
    },
    users: (...names) =>
      Promise.all(names.map((name) => shared.user(name))) as ReturnType<
        SharedStage['users']
      > as never,
    user: (name, each) => shared.stage.user(shared.idOf(name), each),
    idOf: (name) => `${name}-${count}`,
  };
  return shared;
}
