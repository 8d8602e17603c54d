import { Emitter, RingfenceError } from '@ringfence/base';
import type { Clock, ListenerErrorHandler, TimerHandle } from '@ringfence/base';
import {
  decide,
  decideSystem,
  legOfDevice,
  nextDeadlineAt,
  refusalError,
  resolveDeadlines,
} from '@ringfence/call-rules';
import type {
  Actor,
  CallFacts,
  Deadlines,
  Decision,
  Reach,
  SystemCommand,
  UserCommand,
} from '@ringfence/call-rules';
import type {
  CallChannel,
  CallChannelEvents,
  ClientIdentity,
  SignalingClient,
  SignalingClientEvents,
} from '@ringfence/signaling-client';

/** A command as a user gives it: of a dial, the server itself finds out who can be reached. */
export type DeviceCommand =
  | Exclude<UserCommand, { readonly type: 'call.dial' }>
  | Omit<Extract<UserCommand, { readonly type: 'call.dial' }>, 'reach'>;

interface FakeCall {
  facts: CallFacts | null;
  timer: TimerHandle | undefined;
  channel: (CallChannel & { emitter: Emitter<CallChannelEvents> }) | undefined;
}

/**
 * A signaling client and the server behind it, in one object: the real rules, on a clock, and no
 * wire. Everything happens at once.
 */
export class FakeServer implements SignalingClient {
  state: SignalingClient['state'] = 'idle';
  readonly identity: ClientIdentity;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #onListenerError: ListenerErrorHandler;
  readonly #emitter: Emitter<SignalingClientEvents>;
  readonly #calls = new Map<string, FakeCall>();
  /** Who can be called, and whether they are busy. */
  readonly reach = new Map<string, Reach>();

  constructor(
    identity: ClientIdentity,
    clock: Clock,
    deadlines: Partial<Deadlines>,
    onListenerError: ListenerErrorHandler,
  ) {
    this.identity = identity;
    this.#clock = clock;
    this.#deadlines = resolveDeadlines(deadlines);
    this.#onListenerError = onListenerError;
    this.#emitter = new Emitter(onListenerError);
  }

  connect(): void {
    this.become('ready');
  }

  async close(): Promise<void> {
    for (const { channel, timer } of [...this.#calls.values()]) {
      this.#clock.clearTimeout(timer);
      channel?.close();
    }
    this.become('closed');
    this.#emitter.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  on<Name extends keyof SignalingClientEvents>(
    name: Name,
    listener: (payload: SignalingClientEvents[Name]) => unknown,
  ): () => void {
    return this.#emitter.on(name, listener);
  }

  /** Loses the connection, or finds it again. What happened meanwhile is told then. */
  become(state: SignalingClient['state']): void {
    if (this.state === state) return;
    this.state = state;
    this.#emitter.emit('client.changed', { state });
    for (const call of [...this.#calls.values()]) {
      call.channel?.emitter.emit('connection', state === 'ready');
      this.#tell(call);
    }
  }

  channel(callId: string): CallChannel {
    const call = this.#call(callId);
    call.channel ??= this.#createChannel(callId, call);
    return call.channel;
  }

  facts(callId: string): CallFacts | null {
    return this.#calls.get(callId)?.facts ?? null;
  }

  /** Runs a command of any device. @throws the refusal of the rules. */
  command(callId: string, actor: Actor, command: DeviceCommand): void {
    const { facts } = this.#call(callId);
    const asked: UserCommand =
      command.type === 'call.dial' ? { ...command, reach: this.#reachOf(command.to) } : command;
    this.#take(callId, decide(facts, actor, asked, this.#circumstances(callId)));
  }

  /** Tells the call what the server found out by itself. */
  system(callId: string, command: SystemCommand): void {
    const { facts } = this.#call(callId);
    if (facts !== null) {
      this.#take(callId, decideSystem(facts, command, this.#circumstances(callId)));
    }
  }

  #call(callId: string): FakeCall {
    let call = this.#calls.get(callId);
    if (call === undefined) {
      call = { facts: null, timer: undefined, channel: undefined };
      this.#calls.set(callId, call);
    }
    return call;
  }

  #reachOf(address: string): Reach {
    const userId = address.slice(address.indexOf(':') + 1);
    const { deviceId } = this.identity;
    const own = userId === this.identity.userId ? deviceId : 'peer';
    return this.reach.get(userId) ?? { deviceIds: [own], busy: false, callerBusy: false };
  }

  #circumstances(callId: string) {
    return { callId, now: this.#clock.now(), deadlines: this.#deadlines };
  }

  #take(callId: string, decision: Decision): void {
    if (decision.refusal !== undefined) throw refusalError(decision.refusal);
    const { facts } = decision;
    if (facts === null || decision.events.length === 0) return;
    const call = this.#call(callId);
    call.facts = facts;
    this.#clock.clearTimeout(call.timer);
    const next = nextDeadlineAt(facts);
    if (next !== null) {
      call.timer = this.#clock.setTimeout(
        () => this.system(callId, { type: 'deadline.passed' }),
        next - this.#clock.now(),
      );
    }
    this.#tell(call);
  }

  /** Tells the phone the facts of a call, once it can be told. */
  #tell({ channel, facts }: FakeCall): void {
    if (this.state !== 'ready' || facts === null) return;
    const { userId, deviceId } = this.identity;
    if (channel !== undefined) channel.emitter.emit('facts', facts);
    else if (legOfDevice(facts, userId, deviceId)?.state === 'offered') {
      this.#emitter.emit('call.offered', facts);
    }
  }

  #createChannel(callId: string, call: FakeCall): NonNullable<FakeCall['channel']> {
    const emitter = new Emitter<CallChannelEvents>(this.#onListenerError);
    const isReady = (): boolean => this.state === 'ready';
    return {
      callId,
      emitter,
      get facts() {
        return call.facts;
      },
      get connected() {
        return isReady();
      },
      on: (name, listener) => emitter.on(name, listener),
      command: async (name, body) => {
        if (!isReady()) {
          throw new RingfenceError('request_expired', 'unable to wait for the answer; offline', {
            fault: 'network',
            retryable: true,
            hint: 'Try again once connected.',
          });
        }
        this.command(callId, this.identity, { type: name, ...body } as unknown as DeviceCommand);
      },
      signal: () => true,
      iceServers: async () => [],
      close: () => {
        emitter.clear();
        call.channel = undefined;
      },
    };
  }
}
