import { silentLogger, systemClock } from '@ringfence/base';
import type { Clock } from '@ringfence/base';
import { ChannelChild } from '../supervisor/callable-child.ts';
import type { Channel, ChannelOwner } from '../supervisor/callable-child.ts';
import type { ChildCollaborators } from '../supervisor/child-options.ts';
import type { Handlers, ServiceContract } from '../supervisor/contract.ts';
import type { ChildFrame, HostFrame } from '../supervisor/frames.ts';
import { Responder } from '../supervisor/child-side/responder.ts';
import type { HealthCheck } from '../supervisor/child-side/responder.ts';

/** What a child in memory does. Every field has a default. */
export interface MemoryChildOptions {
  /** Default `memory`. */
  readonly name?: string;
  /** Throws or rejects for a failed start; never settles for one that does not get ready. */
  readonly ready?: () => unknown;
  /** Answers pings. Default: it is well. */
  readonly health?: HealthCheck;
  /** True for one that does not end when it is asked to. Default false. */
  readonly isStubborn?: boolean;
  /** How long it takes to be gone once it is ended, milliseconds. Default 0. */
  readonly endMs?: number;
  /** Default 10,000. */
  readonly callTimeoutMs?: number;
  /** Default 1,000. */
  readonly maxPending?: number;
  /** Default 5,000. */
  readonly stopMs?: number;
  /** Whether a result is to be believed. Default: all are. */
  readonly isResult?: (method: string, result: unknown) => boolean;
  /** Whether an event is to be believed. Default: all are. */
  readonly isEvent?: (name: string, payload: unknown) => boolean;
}

const yes = (): boolean => true;

/**
 * A child that runs in the process of the test and dies when it is told to. Calls, events, errors
 * and pings take the way they take to a thread, by copies.
 *
 * @example
 * const child = new MemoryChild<Adder>({ add: ({ a, b }) => a + b });
 * const service = new Service(() => child, {}, { clock: new FakeClock() });
 */
export class MemoryChild<
  Contract extends ServiceContract = ServiceContract,
> extends ChannelChild<Contract> {
  readonly #body: Body;

  constructor(
    handlers: Contract['calls'],
    options: MemoryChildOptions = {},
    { clock = systemClock, logger = silentLogger }: ChildCollaborators = {},
  ) {
    let body!: Body;
    const resolved = {
      name: options.name ?? 'memory',
      callTimeoutMs: options.callTimeoutMs ?? 10_000,
      maxPending: options.maxPending ?? 1_000,
      stopMs: options.stopMs ?? 5_000,
      isResult: options.isResult ?? yes,
      isEvent: options.isEvent ?? yes,
      clock,
      logger,
    };
    super(resolved, (owner) => (body = new Body(owner, handlers, options, clock)));
    this.#body = body;
  }

  /** Dies of `thrown`, as of an error that nobody caught. */
  crash(thrown: unknown = new Error('crashed on purpose')): void {
    this.#body.crash(thrown);
  }

  /** Ends by itself with this code. */
  exit(exitCode = 0): void {
    this.#body.end({ exitCode });
  }

  /** Answers nothing from now on, as a loop that does not end. */
  hang(): void {
    this.#body.isHung = true;
  }

  /** Sends an event that belongs to no call. */
  emit<Name extends keyof Contract['events'] & string>(
    name: Name,
    payload: Contract['events'][Name],
  ): Promise<void> {
    return this.#body.responder.emit(name, payload);
  }

  /** Sends what no child should. */
  sendRaw(frame: unknown): void {
    this.#body.tell(frame);
  }
}

class Body implements Channel {
  readonly responder: Responder;
  isHung = false;
  readonly #owner: ChannelOwner;
  readonly #options: MemoryChildOptions;
  readonly #clock: Clock;
  #isEnding = false;
  #isOver = false;
  #isPaused = false;
  #unread: unknown[] = [];

  constructor(owner: ChannelOwner, handlers: Handlers, options: MemoryChildOptions, clock: Clock) {
    this.#owner = owner;
    this.#clock = clock;
    this.#options = options;
    const host = {
      send: (frame: ChildFrame) => this.tell(frame),
      stop: () => {
        if (options.isStubborn !== true) this.end({ exitCode: 0 });
      },
    };
    this.responder = new Responder(handlers, host, options.health);
  }

  launch(): void {
    void this.#getReady();
  }

  send(frame: HostFrame): void {
    const copy = structuredClone(frame);
    queueMicrotask(() => {
      if (!this.isHung && !this.#isOver) this.responder.receive(copy);
    });
  }

  /** Sends to the host. */
  tell(frame: unknown): void {
    const copy = structuredClone(frame);
    if (this.isHung) return;
    queueMicrotask(() => {
      if (this.#isPaused) this.#unread.push(copy);
      else if (!this.#isOver) this.#owner.receive(copy);
    });
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    for (const frame of this.#unread.splice(0)) this.tell(frame);
  }

  kill(): void {
    this.end({ exitCode: null, signal: 'SIGKILL' });
  }

  release(): void {
    this.#isOver = true;
    this.responder.abort();
  }

  crash(thrown: unknown): void {
    this.responder.died(thrown);
  }

  end(ending: { readonly exitCode: number | null; readonly signal?: string }): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    const { endMs = 0 } = this.#options;
    if (endMs > 0) this.#clock.setTimeout(() => this.#owner.gone(ending), endMs);
    else queueMicrotask(() => this.#owner.gone(ending));
  }

  async #getReady(): Promise<void> {
    try {
      await this.#options.ready?.();
      this.responder.ready();
    } catch (thrown) {
      this.responder.died(thrown);
    }
  }
}
