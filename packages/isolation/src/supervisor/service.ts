import { Emitter, numberOption, optionError, silentLogger, systemClock } from '@ringfence/base';
import { functionOption, recordOption } from '../legal-options.ts';
import type { CallableChild } from './callable-child.ts';
import type { Child, ChildExit, SignalOption, StopOptions } from './child.ts';
import { childError, mayGoElsewhere } from './child-errors.ts';
import type { Callable, CallArguments, CallName, CallResult, ServiceContract } from './contract.ts';
import { RunningCalls } from './running-calls.ts';
import type { DrainOutcome } from './running-calls.ts';
import { Supervisor } from './supervisor.ts';
import type { SupervisorCollaborators, SupervisorOptions } from './supervisor-options.ts';
import type { SupervisorCheck, SupervisorState, SupervisorStatus } from './supervisor-status.ts';

/** What tunes a service, besides what tunes the supervisor inside. Every field has a default. */
export interface ServiceOptions extends Omit<SupervisorOptions, 'strategy'> {
  /** What it is called in errors and logs. Default `service`. */
  readonly name?: string;
  /** Children that calls go to. Default 1; 1 to 256. */
  readonly size?: number;
  /** Children that run and wait to take the place of one that died. Default 0; 0 to 256. */
  readonly spares?: number;
}

/** What is known of a service. Plain data. */
export interface ServiceStatus extends SupervisorStatus {
  /** True while calls are taken. */
  readonly isAvailable: boolean;
  readonly isDraining: boolean;
  /** Calls under way. */
  readonly pending: number;
}

/** A service is in another state now, or began to drain. */
export interface StateChange {
  readonly state: SupervisorState;
  readonly isAvailable: boolean;
}

/** The deadline of a drain. */
export interface DrainOptions {
  /** How long what runs may take, milliseconds. Default 30,000; 0 to a day. */
  readonly timeoutMs?: number;
}

const dayMs = 86_400_000;

/**
 * Calls to a module that runs in supervised children, one or a pool of them. A call goes to the
 * child with the fewest calls under way.
 *
 * It is `ready` while at least one child is. The host goes on whatever happens: a call then rejects
 * at once with `child_unavailable`.
 *
 * @throws {RingfenceError} `invalid_option`.
 * @example
 * const adder = new Service<Adder>(() => threadChild(new URL('./adder.ts', import.meta.url)), {
 *   size: 2,
 *   spares: 1,
 * });
 * await adder.start();
 * const sum = await adder.call('add', { a: 1, b: 2 }, { timeoutMs: 1_000 });
 */
export class Service<Contract extends ServiceContract>
  implements Child, Callable<Contract>, AsyncDisposable
{
  declare readonly '~contract'?: Contract;
  readonly name: string;
  /** What restarts the children. Listen here to `child.failed` and `fatal_error`. */
  readonly supervisor: Supervisor<CallableChild<Contract>>;
  readonly #size: number;
  readonly #calls: RunningCalls;
  readonly #events: Emitter<Record<string, unknown>>;
  readonly #changes: Emitter<{ 'state.changed': StateChange }>;
  #state: SupervisorState = 'idle';
  #draining: Promise<DrainOutcome> | undefined;
  #turn = 0;

  constructor(
    create: () => CallableChild<Contract>,
    options: ServiceOptions = {},
    collaborators: SupervisorCollaborators = {},
  ) {
    functionOption('create', create);
    const { name = 'service', ...tuning } = recordOption('options', options);
    const { clock = systemClock, logger = silentLogger } = collaborators;
    this.name = name;
    this.#size = whole('size', options.size ?? 1, 1);
    const count = this.#size + whole('spares', options.spares ?? 0, 0);
    const report = (thrown: unknown, event: string): void =>
      logger.error('a listener of a service threw', { name, event, error: String(thrown) });
    this.#events = new Emitter(report);
    this.#changes = new Emitter(report);
    this.#calls = new RunningCalls(clock);
    const specs = Array.from({ length: count }, (_, index) => ({
      name: `${name}-${index + 1}`,
      create: () => {
        const child = create();
        child.onAny(({ name: event, payload }) => this.#events.emit(event, payload));
        return child;
      },
    }));
    this.supervisor = new Supervisor(specs, { ...tuning, strategy: 'one-for-one' }, collaborators);
    this.supervisor.on('child.changed', () => this.#refresh());
    this.supervisor.on('state.changed', () => this.#refresh());
  }

  get state(): SupervisorState {
    return this.#state;
  }

  /** True while calls are taken. */
  get isAvailable(): boolean {
    return this.#state === 'ready' && this.#draining === undefined;
  }

  get pending(): number {
    return this.#calls.count;
  }

  onStateChange(listener: (change: StateChange) => unknown): () => void {
    return this.#changes.on('state.changed', listener);
  }

  /** See {@link Callable.on}. Hears the events of all children. */
  on<Name extends keyof Contract['events'] & string>(
    name: Name,
    listener: (payload: Contract['events'][Name]) => unknown,
  ): () => void {
    return this.#events.on(name, listener as (payload: unknown) => unknown);
  }

  /** Starts every child. See `Supervisor.start`. */
  async start(options?: SignalOption): Promise<void> {
    if (this.#draining !== undefined) await this.#draining;
    this.#draining = undefined;
    await this.supervisor.start(options);
  }

  /** Resolves when calls are taken. See `Supervisor.whenReady`. */
  async whenReady(options?: SignalOption): Promise<void> {
    if (!this.isAvailable) await this.supervisor.whenReady(options);
  }

  /**
   * See {@link Callable.call}. One that no child took, or that may run twice and lost its child, is
   * made to the next one; each try has its own time.
   */
  call<Name extends CallName<Contract>>(
    name: Name,
    ...rest: CallArguments<Contract['calls'][Name]>
  ): Promise<CallResult<Contract['calls'][Name]>> {
    return this.#calls.track(() => this.#call(name, rest));
  }

  ping(options?: SignalOption): Promise<void> {
    return this.supervisor.ping(options);
  }

  /** Asks every child for a sign of life. Never rejects. */
  check(): Promise<SupervisorCheck> {
    return this.supervisor.check();
  }

  status(): ServiceStatus {
    return {
      ...this.supervisor.status(),
      state: this.#state,
      isAvailable: this.isAvailable,
      isDraining: this.#draining !== undefined,
      pending: this.pending,
    };
  }

  /**
   * Takes no more calls, lets those under way finish, and stops. A second call joins.
   *
   * @throws {RingfenceError} `invalid_option`.
   */
  drain({ timeoutMs = 30_000 }: DrainOptions = {}): Promise<DrainOutcome> {
    numberOption('timeoutMs', timeoutMs, 0, dayMs);
    if (this.#draining === undefined) {
      this.#draining = this.#drain(timeoutMs);
      this.#tellState();
    }
    return this.#draining;
  }

  stop(options?: StopOptions): Promise<void> {
    return this.supervisor.stop(options);
  }

  /** Stops and starts it, with nothing counted. See `Supervisor.start`. */
  async restart(options?: SignalOption): Promise<void> {
    await this.stop();
    await this.start(options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  onExit(listener: (exit: ChildExit) => void): () => void {
    return this.supervisor.onExit(listener);
  }

  async #call<Name extends CallName<Contract>>(
    name: Name,
    rest: CallArguments<Contract['calls'][Name]>,
  ): Promise<CallResult<Contract['calls'][Name]>> {
    const options = rest[1];
    const tried = new Set<CallableChild<Contract>>();
    let lost: unknown;
    for (;;) {
      options?.signal?.throwIfAborted();
      const child = this.#place(tried);
      if (child === undefined) throw lost ?? this.#unavailable();
      tried.add(child);
      try {
        return await child.call(name, ...rest);
      } catch (thrown) {
        if (!mayGoElsewhere(thrown, options?.isRepeatable === true)) throw thrown;
        lost = thrown;
      }
    }
  }

  /** The child with the fewest calls under way; in turn, when several have as few. */
  #place(tried: ReadonlySet<CallableChild<Contract>>): CallableChild<Contract> | undefined {
    if (this.#draining !== undefined) return undefined;
    const ready = this.supervisor.readyChildren().filter((child) => !tried.has(child));
    const active = ready.slice(0, this.#size);
    this.#turn += 1;
    let chosen: CallableChild<Contract> | undefined;
    for (let index = 0; index < active.length; index += 1) {
      const child = active[(this.#turn + index) % active.length]!;
      if (chosen === undefined || child.pending < chosen.pending) chosen = child;
    }
    return chosen;
  }

  #unavailable(): Error {
    const { name } = this;
    if (this.#draining !== undefined) {
      return childError('child_draining', `unable to call ${name}; it finishes what it has`);
    }
    return childError('child_unavailable', `unable to call ${name}; it is ${this.#state}`, {
      details: { state: this.#state },
    });
  }

  async #drain(timeoutMs: number): Promise<DrainOutcome> {
    const outcome = await this.#calls.drain(timeoutMs);
    await this.stop();
    return outcome;
  }

  /** Ready while one child is, so that a restart behind a spare goes unnoticed. */
  #refresh(): void {
    const { state: inner } = this.supervisor;
    const isUp = inner === 'starting' || inner === 'error';
    const state = isUp && this.supervisor.readyChildren().length > 0 ? 'ready' : inner;
    if (state === this.#state) return;
    this.#state = state;
    this.#tellState();
  }

  #tellState(): void {
    const { state, isAvailable } = this;
    this.#changes.emit('state.changed', { state, isAvailable });
  }
}

function whole(field: string, value: number, least: number): number {
  if (Number.isInteger(value)) return numberOption(field, value, least, 256);
  throw optionError(field, value, `a whole number from ${least} to 256`);
}
