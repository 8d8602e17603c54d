import type { Clock, Logger } from '@ringfence/base';
import { Caller } from './caller.ts';
import type { CallerOptions, ChildEvent } from './caller.ts';
import type { Child, ChildExit, SignalOption, StopOptions } from './child.ts';
import type { ChildError } from './child-errors.ts';
import type { Callable, CallArguments, CallName, CallResult, ServiceContract } from './contract.ts';
import type { HostFrame } from './frames.ts';
import { Life } from './life.ts';
import type { Ending } from './life.ts';
import { TurnBudget } from './turn-budget.ts';

/** A child that is also called: a thread or a process whose module calls `serve`. */
export interface CallableChild<Contract extends ServiceContract>
  extends Child, Callable<Contract>, AsyncDisposable {
  /** Hears every event, whatever its name. Returns the function that unsubscribes. */
  onAny(listener: (event: ChildEvent) => unknown): () => void;
}

/** The way to a thread or a process. It knows nothing of calls. */
export interface Channel {
  /** Begins. Throws when it cannot. */
  launch(): void;
  /** Sends to the child. Throws when `frame` cannot be copied. */
  send(frame: HostFrame): void;
  /** Stops giving frames to its owner, until {@link resume}. */
  pause(): void;
  resume(): void;
  /** Ends the child by force. Called again harmlessly. */
  kill(): void;
  /** The child is gone, or given up: lets go of everything. */
  release(): void;
}

/** Whom a channel reports to. */
export interface ChannelOwner {
  /** What came from the child. */
  receive(frame: unknown): void;
  /** It is ended by force, for this reason. */
  fail(error: ChildError): void;
  /** It is gone. */
  gone(ending: Ending): void;
}

/** What a child over a channel is tuned by, and works with. */
export interface ChannelChildOptions extends CallerOptions {
  /** What it is called in errors and logs. */
  readonly name: string;
  /** How long it has to end when it is asked to, milliseconds. */
  readonly stopMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A child that talks over a channel. */
export class ChannelChild<Contract extends ServiceContract> implements CallableChild<Contract> {
  declare readonly '~contract'?: Contract;
  readonly #life: Life;
  readonly #caller: Caller;

  constructor(options: ChannelChildOptions, makeChannel: (owner: ChannelOwner) => Channel) {
    const { name, clock, logger } = options;
    const channel = makeChannel({
      receive: (frame) => {
        budget.took();
        this.#caller.receive(frame);
      },
      fail: (error) => this.#life.fail(error),
      gone: (ending) => this.#life.gone(ending),
    });
    const budget = new TurnBudget({
      clock,
      pause: () => channel.pause(),
      resume: () => channel.resume(),
      drained: () => this.#caller.drained(),
    });
    this.#life = new Life(options, {
      launch: () => channel.launch(),
      askToStop: () => channel.send(['stop']),
      kill: () => channel.kill(),
      abandon: (error) => this.#caller.close(error),
      release: () => {
        budget.stop();
        channel.release();
      },
    });
    this.#caller = new Caller(
      {
        name,
        clock,
        logger,
        send: (frame) => channel.send(frame),
        isReady: () => this.#life.isReady,
        ready: () => this.#life.ready(),
        leaving: (exitCode) => this.#life.leaving({ exitCode }),
        failed: (error) => this.#life.fail(error),
      },
      options,
    );
  }

  get pending(): number {
    return this.#caller.pending;
  }

  start(options?: SignalOption): Promise<void> {
    return this.#life.start(options);
  }

  ping(options?: SignalOption): Promise<void> {
    return this.#caller.ping(options);
  }

  stop(options?: StopOptions): Promise<void> {
    return this.#life.stop(options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  onExit(listener: (exit: ChildExit) => void): () => void {
    return this.#life.onExit(listener);
  }

  call<Name extends CallName<Contract>>(
    name: Name,
    ...[input, options]: CallArguments<Contract['calls'][Name]>
  ): Promise<CallResult<Contract['calls'][Name]>> {
    const result = this.#caller.call(name, input, options);
    return result as Promise<CallResult<Contract['calls'][Name]>>;
  }

  on<Name extends keyof Contract['events'] & string>(
    name: Name,
    listener: (payload: Contract['events'][Name]) => unknown,
  ): () => void {
    return this.#caller.on(name, listener);
  }

  onAny(listener: (event: ChildEvent) => unknown): () => void {
    return this.#caller.onAny(listener);
  }
}
