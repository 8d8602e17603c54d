/** What a handler is given besides its input. */
export interface CallContext<Event = never> {
  /** Aborts when the caller gave up, the time is over, or the child is told to stop. */
  readonly signal: AbortSignal;
  /**
   * Sends an event of this call. Resolves when there is room for more; wait for it. Dropped once
   * the caller gave up.
   *
   * @throws {RingfenceError} at once: `emit_overflow` when too many wait; `not_cloneable`.
   */
  emit(event: Event): Promise<void>;
}

/** The functions a child offers, by name. Each takes one input and a {@link CallContext}. */
export type Handlers = Readonly<
  Record<string, (input: never, context: CallContext<never>) => unknown>
>;

/**
 * What a child offers, as a type for the side that calls it.
 *
 * @example
 * interface Adder { calls: typeof handlers; events: { 'sum.found': number } }
 */
export interface ServiceContract {
  readonly calls: Handlers;
  /** Payloads of events that belong to no call, by name. */
  readonly events: object;
}

/** Names of the calls of a service. */
export type CallName<Contract extends ServiceContract> = keyof Contract['calls'] & string;

type InputOf<Handler extends Handlers[string]> =
  Parameters<Handler> extends [] ? undefined : Parameters<Handler>[0];

type EventOf<Handler extends Handlers[string]> =
  Parameters<Handler> extends [unknown, CallContext<infer Event>] ? Event : never;

/** What a call is given besides its input. */
export interface CallOptions<Event = never> {
  /** Gives the call up: it rejects with the signal's reason, and the handler's signal aborts. */
  readonly signal?: AbortSignal | undefined;
  /** How long it may take, milliseconds. Default: the child's `callTimeoutMs`; 1 to a day. */
  readonly timeoutMs?: number | undefined;
  /** Hears the events of this call, in order, until it is over. What it throws is dropped. */
  readonly onEvent?: ((event: Event) => void) | undefined;
  /**
   * True for a call that may run twice. A service gives it to another child when the first one died
   * with it. Default false.
   */
  readonly isRepeatable?: boolean | undefined;
}

/** What follows the name of a call: its input, when it takes one, and options. */
export type CallArguments<Handler extends Handlers[string]> =
  undefined extends InputOf<Handler>
    ? [input?: InputOf<Handler>, options?: CallOptions<EventOf<Handler>>]
    : [input: InputOf<Handler>, options?: CallOptions<EventOf<Handler>>];

/** What a call resolves with. */
export type CallResult<Handler extends Handlers[string]> = Awaited<ReturnType<Handler>>;

/** Something that calls can be made to. */
export interface Callable<Contract extends ServiceContract> {
  /**
   * Calls a function of the child. Input and result are copied by structured clone.
   *
   * @throws as a rejection: what the handler threw, with its code, cause and details; a
   * `RingfenceError` with a `ChildErrorCode`; the reason of the signal.
   */
  call<Name extends CallName<Contract>>(
    name: Name,
    ...rest: CallArguments<Contract['calls'][Name]>
  ): Promise<CallResult<Contract['calls'][Name]>>;

  /** Hears an event of the child. Returns the function that unsubscribes. */
  on<Name extends keyof Contract['events'] & string>(
    name: Name,
    listener: (payload: Contract['events'][Name]) => unknown,
  ): () => void;

  /** Calls that were begun and not answered yet. */
  readonly pending: number;

  /** Never set. It lets TypeScript infer the contract. */
  readonly '~contract'?: Contract;
}
