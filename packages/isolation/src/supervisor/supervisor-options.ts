import { numberOption, optionError } from '@ringfence/base';
import type { Clock, Logger, Random } from '@ringfence/base';
import { functionOption, recordOption } from '../legal-options.ts';
import type { Child } from './child.ts';

/**
 * Who is restarted when a child fails: it alone; all children; it and those named after it, which
 * build on it. The last two start one after another, in order, and end the other way round.
 */
export type Strategy = 'one-for-one' | 'one-for-all' | 'rest-for-one';

/**
 * When a child is restarted: always (`permanent`); unless it ended by itself and well
 * (`transient`); never (`temporary`).
 */
export type RestartKind = 'permanent' | 'transient' | 'temporary';

/** One child to look after. */
export interface ChildSpec<C extends Child = Child> {
  /** Unique among its neighbours. */
  readonly name: string;
  /** Makes it anew for each life. What it throws is a failed start. */
  readonly create: () => C;
  /** Default `permanent`. */
  readonly restart?: RestartKind;
}

/** How many restarts there may be in a period, of all children together. */
export interface Intensity {
  /** 0 to 1,000,000. */
  readonly restarts: number;
  /** Milliseconds, 1 to 30 days. */
  readonly periodMs: number;
}

/** What tunes a supervisor. Every field has a default. */
export interface SupervisorOptions {
  /** Default `one-for-one`. */
  readonly strategy?: Strategy;
  /** Restarts of one child in a row before the supervisor gives up. Default 3; 0 to 1,000,000. */
  readonly maxRestarts?: number;
  /** From a failure to the restart, milliseconds. Default 5,000; 0 to a day. */
  readonly restartDelayMs?: number;
  /** The share of the delay that chance adds to it. Default 0.1; 0 to 1. */
  readonly restartJitter?: number;
  /** A child that was ready for so long begins its row anew. Default 60,000; 0 to a day. */
  readonly healthyMs?: number;
  /** The supervisor gives up as well when there are more. Default: it does not count. */
  readonly intensity?: Intensity;
  /** How long a child has to get ready, milliseconds. Default 10,000; 1 to a day. */
  readonly startTimeoutMs?: number;
  /** From one ping to the next, milliseconds. Default 30,000; 1 to a day. */
  readonly heartbeatMs?: number;
  /** How long a child has to answer one, milliseconds. Default 5,000; 1 to a day. */
  readonly heartbeatTimeoutMs?: number;
}

/** What a supervisor works with. Each has the real thing as its default. */
export interface SupervisorCollaborators {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
}

export type ResolvedSupervisorOptions = Required<Omit<SupervisorOptions, 'intensity'>> & {
  readonly intensity: Intensity | undefined;
};

const strategies: readonly Strategy[] = ['one-for-one', 'one-for-all', 'rest-for-one'];
const kinds: readonly RestartKind[] = ['permanent', 'transient', 'temporary'];
const dayMs = 86_400_000;

/** Fills in the defaults and checks the ranges. @throws {RingfenceError} `invalid_option`. */
export function resolveSupervisorOptions(
  options: SupervisorOptions = {},
): ResolvedSupervisorOptions {
  const ms = (
    field: 'restartDelayMs' | 'healthyMs' | 'startTimeoutMs' | 'heartbeatMs' | 'heartbeatTimeoutMs',
    standard: number,
    least: number,
  ): number => numberOption(field, options[field] ?? standard, least, dayMs);
  const { strategy = 'one-for-one' } = recordOption('options', options);
  const intensity = options.intensity ?? undefined;
  if (!strategies.includes(strategy)) throw optionError('strategy', strategy, oneOf(strategies));
  return {
    strategy,
    maxRestarts: whole('maxRestarts', options.maxRestarts ?? 3),
    restartDelayMs: ms('restartDelayMs', 5_000, 0),
    restartJitter: numberOption('restartJitter', options.restartJitter ?? 0.1, 0, 1),
    healthyMs: ms('healthyMs', 60_000, 0),
    intensity: intensity &&
      recordOption('intensity', intensity) && {
        restarts: whole('intensity.restarts', intensity.restarts),
        periodMs: numberOption('intensity.periodMs', intensity.periodMs, 1, 30 * dayMs),
      },
    startTimeoutMs: ms('startTimeoutMs', 10_000, 1),
    heartbeatMs: ms('heartbeatMs', 30_000, 1),
    heartbeatTimeoutMs: ms('heartbeatTimeoutMs', 5_000, 1),
  };
}

/** Checks that there are children, and each has a name of its own. */
export function checkSpecs(specs: readonly ChildSpec[]): void {
  if (!Array.isArray(specs) || specs.length === 0) {
    const given: unknown = Array.isArray(specs) ? '[]' : specs;
    throw optionError('children', given, 'a list of at least one child');
  }
  const names = new Set<string>();
  for (const [index, spec] of (specs as readonly ChildSpec[]).entries()) {
    const field = `children[${index}]`;
    const { name, create, restart = 'permanent' } = recordOption(field, spec);
    if (typeof name !== 'string' || names.has(name)) {
      throw optionError(`${field}.name`, name, 'a name that no other child has');
    }
    names.add(name);
    functionOption(`${field}.create`, create);
    if (!kinds.includes(restart)) throw optionError(`${field}.restart`, restart, oneOf(kinds));
  }
}

function whole(field: string, value: number): number {
  if (Number.isInteger(value)) return numberOption(field, value, 0, 1_000_000);
  throw optionError(field, value, 'a whole number from 0 to 1000000');
}

function oneOf(values: readonly string[]): string {
  return `one of ${values.join(', ')}`;
}
