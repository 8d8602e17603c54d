/*
 * Supervision, as Erlang/OTP does it. The files:
 *
 *   child.ts             the port: what lives, and may die
 *   thread-child.ts, process-child.ts, foreign-child.ts
 *                        its adapters; life.ts is what they share
 *   callable-child.ts    a child with calls: caller.ts on this side, child-side/ on the child's,
 *                        frames.ts between them
 *   slot.ts              one child's lives, one after another: start, heartbeat, end
 *   recovery.ts          several slots, ended and started again in order
 *   supervisor.ts        who is restarted, when, and when to give up
 *   service.ts, failover.ts
 *                        calls to whichever child is there: pool, spares, backup, drain
 *
 *   1. A child is told to go and gone before its place is taken again.
 *   2. A failure is counted once, by the slot it happened in. A child that is ended because of
 *      another one did not fail.
 *   3. Whoever waits is told: by an answer, or by the end of the child it waits for.
 *   4. Giving up is final, and passed on: this supervisor has failed as a child, which is what the
 *      one above it goes by.
 */
import { Emitter, randomFraction, silentLogger, systemClock, systemRandom } from '@ringfence/base';
import type { Clock, Logger, Random } from '@ringfence/base';
import type { Child, ChildExit, SignalOption, StopOptions } from './child.ts';
import { childError } from './child-errors.ts';
import type { ChildError } from './child-errors.ts';
import { ExitListeners } from './exit-listeners.ts';
import { Recovery } from './recovery.ts';
import { RestartIntensity } from './restart-intensity.ts';
import { Slot } from './slot.ts';
import type { SlotOwner } from './slot.ts';
import type {
  SupervisorCheck,
  SupervisorEvents,
  SupervisorState,
  SupervisorStatus,
} from './supervisor-status.ts';
import { checkSpecs, resolveSupervisorOptions } from './supervisor-options.ts';
import { untilAborted } from './until-aborted.ts';
import type {
  ChildSpec,
  ResolvedSupervisorOptions,
  SupervisorCollaborators,
  SupervisorOptions,
} from './supervisor-options.ts';

interface Waiter {
  resolve(): void;
  reject(thrown: unknown): void;
}

/**
 * Keeps children running: starts them, watches them, and restarts them by a {@link Strategy} until
 * they fail too often. It is itself a child, so that supervisors can be stacked: one that gives up
 * is a failed child of the one above. Unlike other children it can be started again.
 *
 * @throws {RingfenceError} `invalid_option`.
 * @example
 * const supervisor = new Supervisor([
 *   { name: 'store', create: () => threadChild(new URL('./store.ts', import.meta.url)) },
 *   { name: 'mixer', create: () => foreignChild('mixer') },
 * ], { strategy: 'rest-for-one' });
 * supervisor.on('fatal_error', ({ error }) => alarm(error));
 * await supervisor.start();
 */
export class Supervisor<C extends Child = Child> implements Child, AsyncDisposable {
  readonly options: ResolvedSupervisorOptions;
  readonly #slots: readonly Slot<C>[];
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  readonly #emitter: Emitter<SupervisorEvents>;
  readonly #exits = new ExitListeners();
  readonly #intensity: RestartIntensity;
  readonly #recoveries = new Set<Recovery<C>>();
  readonly #waiters = new Set<Waiter>();
  #state: SupervisorState = 'idle';
  #isRunning = false;
  #readySinceMs = 0;
  #fatal: ChildError<'fatal_error'> | undefined;
  /** The last that was asked for, start or stop. */
  #isWanted = false;
  /** Resolves when all of the last run is gone; undefined when it is. */
  #ending: Promise<void> | undefined;

  constructor(
    children: readonly ChildSpec<C>[],
    options: SupervisorOptions = {},
    collaborators: SupervisorCollaborators = {},
  ) {
    const { clock = systemClock, random = systemRandom, logger = silentLogger } = collaborators;
    checkSpecs(children);
    this.options = resolveSupervisorOptions(options);
    this.#clock = clock;
    this.#random = random;
    this.#logger = logger;
    this.#intensity = new RestartIntensity(this.options.intensity);
    this.#emitter = new Emitter((thrown, event) =>
      logger.error('a listener of a supervisor threw', { event, error: String(thrown) }),
    );
    const owner: SlotOwner<C> = {
      clock,
      options: this.options,
      changed: (slot) => this.#changed(slot),
      failed: (slot, error) => this.#failed(slot, error),
    };
    this.#slots = children.map((spec) => new Slot(spec, owner));
  }

  get state(): SupervisorState {
    return this.#state;
  }

  /** The child of that name, while it is ready. */
  child(name: string): C | undefined {
    return this.#slots.find(({ spec }) => spec.name === name)?.child;
  }

  /** The children that are ready, the one that is so for longest first. */
  readyChildren(): C[] {
    return this.#slots
      .filter(({ state }) => state === 'ready')
      .sort((a, b) => a.readySinceMs - b.readySinceMs)
      .map(({ child }) => child!);
  }

  on<Name extends keyof SupervisorEvents>(
    name: Name,
    listener: (payload: SupervisorEvents[Name]) => unknown,
  ): () => void {
    return this.#emitter.on(name, listener);
  }

  status(): SupervisorStatus {
    const children = this.#slots.map((slot) => slot.status());
    return {
      state: this.#state,
      isFatal: this.#fatal !== undefined,
      upMs: this.#state === 'ready' ? this.#clock.monotonic() - this.#readySinceMs : 0,
      restarts: children.reduce((sum, { restarts }) => sum + restarts, 0),
      children,
    };
  }

  /**
   * Starts every child. Resolves when all are ready; starts that fail are tried again as restarts
   * are. A second call joins. After the end it begins anew, with nothing counted.
   *
   * @throws as a rejection: `fatal_error`; `child_stopped`; the reason of the signal, which stops
   * it.
   */
  async start({ signal }: SignalOption = {}): Promise<void> {
    signal?.throwIfAborted();
    if (this.#isRunning) return this.whenReady({ signal });
    this.#isWanted = true;
    // At once: who waits for the end from now on waits for that of the new run.
    if (this.#exits.exit !== undefined) this.#exits.begin();
    try {
      if (this.#ending !== undefined) await this.#ending;
      signal?.throwIfAborted();
      if (!this.#isWanted) throw stopped();
      if (!this.#isRunning) this.#begin();
      await this.whenReady({ signal });
    } catch (thrown) {
      if (signal?.aborted) void this.stop();
      throw thrown;
    }
  }

  /**
   * Resolves when every child is ready, at once when they are.
   *
   * @throws as a rejection: `fatal_error` and `child_stopped`, also when that was before; the
   * reason of the signal.
   */
  async whenReady({ signal }: SignalOption = {}): Promise<void> {
    signal?.throwIfAborted();
    if (this.#state === 'ready') return;
    if (!this.#isRunning && this.#state !== 'idle') throw this.#fatal ?? stopped();
    let waiter!: Waiter;
    const waiting = new Promise<void>((resolve, reject) => (waiter = { resolve, reject }));
    this.#waiters.add(waiter);
    try {
      await (signal === undefined ? waiting : untilAborted(signal, () => waiting));
    } finally {
      this.#waiters.delete(waiter);
    }
  }

  /** Resolves while it runs, whatever its children do: it looks after them itself. */
  async ping({ signal }: SignalOption = {}): Promise<void> {
    signal?.throwIfAborted();
    if (this.#isRunning) return;
    throw this.#fatal ?? childError('child_unavailable', 'unable to ping; nothing is running');
  }

  /** Asks every child for a sign of life now. Never rejects. */
  async check(): Promise<SupervisorCheck> {
    const children = await Promise.all(this.#slots.map((slot) => slot.check()));
    return {
      isHealthy: children.every(({ isHealthy }) => isHealthy),
      roundTripMs: Math.max(...children.map(({ roundTripMs }) => roundTripMs)),
      children,
    };
  }

  /** Ends every child, which is told `error`. It stays `stopped`, or what it was after it gave up, until a start. */
  async stop({ isForced = false, error }: StopOptions = {}): Promise<void> {
    this.#isWanted = false;
    if (this.#isRunning) {
      this.#settleWaiters(error ?? stopped());
      this.#end({ reason: 'stopped' }, { isForced, error });
    } else if (isForced) {
      for (const slot of this.#slots) void slot.end({ isForced });
    }
    if (this.#fatal === undefined) this.#enter('stopped');
    await this.#ending;
    // There was no run to end.
    if (!this.#isRunning && this.#exits.exit === undefined) this.#exits.tell({ reason: 'stopped' });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Hears once how the run that is under way ended; in a moment, when the last one has. */
  onExit(listener: (exit: ChildExit) => void): () => void {
    return this.#exits.on(listener);
  }

  #begin(): void {
    this.#isRunning = true;
    // The end of the run before was told after the start was asked for.
    if (this.#exits.exit !== undefined) this.#exits.begin();
    this.#fatal = undefined;
    this.#intensity.reset();
    for (const slot of this.#slots) slot.beginAnew();
    const isTogether = this.options.strategy === 'one-for-one';
    for (const slots of isTogether ? this.#slots.map((slot) => [slot]) : [this.#slots]) {
      this.#recover(slots, 0);
    }
    this.#refresh();
  }

  #recover(slots: readonly Slot<C>[], delayMs: number): void {
    const recovery = new Recovery<C>(slots, delayMs, {
      clock: this.#clock,
      changed: () => this.#refresh(),
      done: (done) => {
        this.#recoveries.delete(done);
        this.#refresh();
      },
    });
    this.#recoveries.add(recovery);
    void recovery.run();
  }

  #changed(slot: Slot<C>): void {
    const { state, spec } = slot;
    this.#emitter.emit('child.changed', { name: spec.name, state });
    // What follows from a failure is decided first.
    if (state !== 'error') this.#refresh();
  }

  #failed(slot: Slot<C>, error: ChildError): void {
    if (!this.#isRunning) return;
    const { name } = slot.spec;
    const restart = slot.nextInRow();
    const isAllowed =
      restart <= this.options.maxRestarts && this.#intensity.take(this.#clock.monotonic());
    const restartInMs = isAllowed ? this.#restartDelayMs() : undefined;
    this.#logger.warn('a child failed', { child: name, code: error.code, restart, restartInMs });
    if (restartInMs === undefined) {
      this.#emitter.emit('child.failed', { name, error, restart, restartInMs });
      // Who heard of it may have stopped us.
      if (this.#isRunning) this.#giveUp(name, error);
      return;
    }
    slot.countRestart();
    this.#recover(this.#takeOver(slot), restartInMs);
    this.#emitter.emit('child.failed', { name, error, restart, restartInMs });
    this.#refresh();
  }

  /** Those to restart with `slot`, also of recoveries under way, which end in this one. */
  #takeOver(slot: Slot<C>): Slot<C>[] {
    const { strategy } = this.options;
    const first = this.#slots.indexOf(slot);
    const taken = new Set<Slot<C>>([slot]);
    if (strategy === 'one-for-all') this.#slots.forEach((each) => taken.add(each));
    if (strategy === 'rest-for-one') this.#slots.slice(first).forEach((each) => taken.add(each));
    for (const recovery of this.#recoveries) {
      if (!recovery.slots.some((each) => taken.has(each))) continue;
      recovery.drop();
      this.#recoveries.delete(recovery);
      recovery.slots.forEach((each) => taken.add(each));
    }
    return this.#slots.filter((each) => taken.has(each));
  }

  #restartDelayMs(): number {
    const { restartDelayMs, restartJitter } = this.options;
    return restartDelayMs * (1 + restartJitter * randomFraction(this.#random));
  }

  #giveUp(name: string, cause: ChildError): void {
    const message = `unable to keep ${name} running; it failed too often`;
    const error = childError('fatal_error', message, { cause, details: { child: name } });
    this.#fatal = error;
    this.#logger.error('a supervisor gave up', { child: name, code: cause.code });
    this.#settleWaiters(error);
    this.#end({ reason: 'failed', error }, {});
    this.#enter('error');
    this.#emitter.emit('fatal_error', { error });
  }

  #end(exit: ChildExit, options: StopOptions): void {
    this.#isRunning = false;
    for (const recovery of this.#recoveries) recovery.drop();
    this.#recoveries.clear();
    this.#ending = this.#endAll(options).then(() => {
      this.#ending = undefined;
      if (exit.reason === 'stopped') this.#exits.tell(exit);
    });
    if (exit.reason === 'failed') this.#exits.tell(exit);
  }

  async #endAll(options: StopOptions): Promise<void> {
    if (options.isForced || this.options.strategy === 'one-for-one') {
      await Promise.all(this.#slots.map((slot) => slot.end(options)));
      return;
    }
    for (const slot of [...this.#slots].reverse()) await slot.end(options);
  }

  /** Brings the state in line with the children. */
  #refresh(): void {
    if (!this.#isRunning) return;
    if (this.#slots.every(({ state, isOver }) => state === 'ready' || isOver)) {
      this.#enter('ready');
      return this.#settleWaiters();
    }
    const isWaiting = [...this.#recoveries].some((recovery) => recovery.isWaiting);
    this.#enter(isWaiting ? 'error' : 'starting');
  }

  #enter(state: SupervisorState): void {
    const previous = this.#state;
    if (previous === state) return;
    this.#state = state;
    if (state === 'ready') this.#readySinceMs = this.#clock.monotonic();
    this.#logger.info('a supervisor changed its state', { state, previous });
    this.#emitter.emit('state.changed', { state, previous });
  }

  #settleWaiters(error?: Error): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const { resolve, reject } of waiters) {
      if (error === undefined) resolve();
      else reject(error);
    }
  }
}

function stopped() {
  return childError('child_stopped', 'unable to go on; the supervisor was stopped');
}
