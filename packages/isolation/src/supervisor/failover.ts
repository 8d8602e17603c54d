import { Emitter, numberOption, optionError, silentLogger, systemClock } from '@ringfence/base';
import type { Clock, TimerHandle } from '@ringfence/base';
import { recordOption } from '../legal-options.ts';
import type { Child, ChildExit, SignalOption, StopOptions } from './child.ts';
import { childError, mayGoElsewhere } from './child-errors.ts';
import type { ChildCollaborators } from './child-options.ts';
import type { Callable, CallArguments, CallName, CallResult, ServiceContract } from './contract.ts';
import { ExitListeners } from './exit-listeners.ts';
import { untilAborted } from './until-aborted.ts';

/** A service that can stand in for another, as `Service` is, or another `Failover`. */
export interface FailoverMember<Contract extends ServiceContract>
  extends Child, Callable<Contract> {
  readonly name: string;
  readonly isAvailable: boolean;
  onStateChange(listener: () => unknown): () => void;
}

/** What tunes a fail-over. Every field has a default. */
export interface FailoverOptions {
  /** Default `failover`. */
  readonly name?: string;
  /**
   * How long a better member has to be available before calls go back to it, milliseconds. Default
   * 30,000; 0 to a day.
   */
  readonly failBackMs?: number;
  /** When a member that gave up is started again, milliseconds. Default 60,000; 1 to a day. */
  readonly reviveMs?: number;
}

/** Calls go to another member now. Undefined when there is none. */
export interface Switched {
  readonly from: string | undefined;
  readonly to: string | undefined;
}

const dayMs = 86_400_000;

/**
 * Services that do the same, the best first. Calls go to one of them: the first that is available;
 * another one as soon as it is not; a better one again once it was available for `failBackMs`.
 *
 * All members run all the time. One that gave up is started again after `reviveMs`; when none runs
 * any more, the whole has failed.
 *
 * @throws {RingfenceError} `invalid_option`.
 * @example
 * const service = new Failover<Telephony>([primary, backup]);
 * service.onSwitch(({ to }) => logger.warn('calls go elsewhere', { to }));
 * await service.start();
 */
export class Failover<Contract extends ServiceContract>
  implements FailoverMember<Contract>, AsyncDisposable
{
  declare readonly '~contract'?: Contract;
  readonly name: string;
  readonly #members: readonly FailoverMember<Contract>[];
  readonly #failBackMs: number;
  readonly #reviveMs: number;
  readonly #clock: Clock;
  readonly #emitter: Emitter<{ switched: Switched; changed: undefined }>;
  readonly #exits = new ExitListeners();
  /** Members whose run is over, with the timer that begins the next. */
  readonly #over = new Map<FailoverMember<Contract>, TimerHandle>();
  #active: FailoverMember<Contract> | undefined;
  #failBack: TimerHandle | undefined;
  #isRunning = false;
  /** The last that was asked for, start or stop. */
  #isWanted = false;
  /** Resolves when the members of the last run have stopped; undefined when they have. */
  #stopping: Promise<unknown> | undefined;

  constructor(
    members: readonly FailoverMember<Contract>[],
    options: FailoverOptions = {},
    { clock = systemClock, logger = silentLogger }: ChildCollaborators = {},
  ) {
    checkMembers(members);
    const {
      name = 'failover',
      failBackMs = 30_000,
      reviveMs = 60_000,
    } = recordOption('options', options);
    this.name = name;
    this.#members = [...members];
    this.#failBackMs = numberOption('failBackMs', failBackMs, 0, dayMs);
    this.#reviveMs = numberOption('reviveMs', reviveMs, 1, dayMs);
    this.#clock = clock;
    this.#emitter = new Emitter((thrown, event) =>
      logger.error('a listener of a fail-over threw', { name, event, error: String(thrown) }),
    );
    for (const member of members) member.onStateChange(() => this.#refresh());
  }

  /** The name of the member that calls go to; undefined when none is available. */
  get active(): string | undefined {
    return this.#active?.name;
  }

  get isAvailable(): boolean {
    return this.#active !== undefined;
  }

  get pending(): number {
    return this.#members.reduce((sum, { pending }) => sum + pending, 0);
  }

  /** Hears when calls go to another member. */
  onSwitch(listener: (switched: Switched) => unknown): () => void {
    return this.#emitter.on('switched', listener);
  }

  onStateChange(listener: () => unknown): () => void {
    return this.#emitter.on('changed', listener);
  }

  on<Name extends keyof Contract['events'] & string>(
    name: Name,
    listener: (payload: Contract['events'][Name]) => unknown,
  ): () => void {
    const offs = this.#members.map((member) => member.on(name, listener));
    return () => offs.forEach((off) => off());
  }

  /**
   * Starts every member. Resolves when the first is ready. A second call joins.
   *
   * @throws as a rejection: an `AggregateError` when none could start; the reason of the signal,
   * which stops it.
   */
  async start({ signal }: SignalOption = {}): Promise<void> {
    signal?.throwIfAborted();
    this.#isWanted = true;
    // The ends of the last run must not be taken for those of the next.
    while (this.#stopping !== undefined) await this.#stopping;
    signal?.throwIfAborted();
    if (!this.#isWanted)
      throw childError('child_stopped', `unable to start ${this.name}; it was stopped`);
    const isNew = !this.#isRunning;
    this.#isRunning = true;
    if (isNew) this.#exits.begin();
    const starts = this.#members.map((member) => (isNew ? this.#start(member) : member.start()));
    const started = Promise.any(starts);
    try {
      await (signal === undefined ? started : untilAborted(signal, () => started));
    } catch (thrown) {
      if (signal?.aborted) void this.stop();
      throw thrown;
    }
  }

  /** See {@link Callable.call}. */
  async call<Name extends CallName<Contract>>(
    name: Name,
    ...rest: CallArguments<Contract['calls'][Name]>
  ): Promise<CallResult<Contract['calls'][Name]>> {
    const options = rest[1];
    const tried = new Set<FailoverMember<Contract>>();
    let lost: unknown;
    for (;;) {
      options?.signal?.throwIfAborted();
      const member = this.#choose(tried);
      if (member === undefined) throw lost ?? this.#unavailable();
      tried.add(member);
      try {
        return await member.call(name, ...rest);
      } catch (thrown) {
        if (!mayGoElsewhere(thrown, options?.isRepeatable === true)) throw thrown;
        lost = thrown;
      }
    }
  }

  /** Resolves while a member runs. */
  async ping({ signal }: SignalOption = {}): Promise<void> {
    signal?.throwIfAborted();
    if (!this.#isRunning) throw this.#unavailable();
  }

  async stop(options?: StopOptions): Promise<void> {
    this.#isWanted = false;
    this.#isRunning = false;
    this.#clearTimers();
    const stopping = Promise.allSettled(this.#members.map((member) => member.stop(options)));
    this.#stopping = stopping;
    await stopping;
    if (this.#stopping !== stopping) return;
    this.#stopping = undefined;
    if (this.#exits.exit === undefined) this.#exits.tell({ reason: 'stopped' });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  onExit(listener: (exit: ChildExit) => void): () => void {
    return this.#exits.on(listener);
  }

  #start(member: FailoverMember<Contract>): Promise<void> {
    this.#over.delete(member);
    const started = member.start();
    member.onExit((exit) => this.#exited(member, exit));
    return started;
  }

  #exited(member: FailoverMember<Contract>, exit: ChildExit): void {
    if (!this.#isRunning) return;
    const revive = (): void => {
      // How it goes is told by its state and its exit.
      this.#start(member).catch(() => {});
    };
    this.#over.set(member, this.#clock.setTimeout(revive, this.#reviveMs));
    if (this.#over.size < this.#members.length) return;
    this.#isRunning = false;
    this.#clearTimers();
    const cause = exit.reason === 'failed' ? exit.error : undefined;
    const message = `unable to keep ${this.name} running; no member of it runs any more`;
    this.#exits.tell({ reason: 'failed', error: childError('fatal_error', message, { cause }) });
  }

  #clearTimers(): void {
    for (const timer of this.#over.values()) this.#clock.clearTimeout(timer);
    this.#over.clear();
    this.#clock.clearTimeout(this.#failBack);
    this.#failBack = undefined;
  }

  #choose(tried: ReadonlySet<FailoverMember<Contract>>): FailoverMember<Contract> | undefined {
    const active = this.#active;
    if (active?.isAvailable && !tried.has(active)) return active;
    return this.#members.find((member) => member.isAvailable && !tried.has(member));
  }

  #refresh(): void {
    const best = this.#members.find(({ isAvailable }) => isAvailable);
    if (this.#active?.isAvailable && best !== this.#active) {
      this.#failBack ??= this.#clock.setTimeout(() => this.#goBack(), this.#failBackMs);
      return;
    }
    this.#clock.clearTimeout(this.#failBack);
    this.#failBack = undefined;
    this.#switchTo(best);
  }

  #goBack(): void {
    this.#failBack = undefined;
    this.#switchTo(this.#members.find(({ isAvailable }) => isAvailable));
  }

  #switchTo(member: FailoverMember<Contract> | undefined): void {
    const previous = this.#active;
    if (previous === member) return;
    this.#active = member;
    this.#emitter.emit('switched', { from: previous?.name, to: member?.name });
    if ((previous === undefined) !== (member === undefined))
      this.#emitter.emit('changed', undefined);
  }

  #unavailable(): Error {
    return childError('child_unavailable', `unable to call ${this.name}; no member is available`);
  }
}

function checkMembers(members: readonly unknown[]): void {
  if (!Array.isArray(members) || members.length === 0) {
    const given: unknown = Array.isArray(members) ? '[]' : members;
    throw optionError('members', given, 'a list of at least one service');
  }
  for (const [index, member] of members.entries()) {
    const { onStateChange } = (member ?? {}) as { readonly onStateChange?: unknown };
    if (typeof onStateChange !== 'function') {
      throw optionError(`members[${index}]`, member, 'a Service or a Failover');
    }
  }
}
