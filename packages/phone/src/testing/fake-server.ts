import { Emitter } from '@ringfence/base';
import type { Clock, ListenerErrorHandler, TimerHandle } from '@ringfence/base';
import {
  decide,
  decideSystem,
  defaultSettings,
  directRinging,
  isContending,
  isEngaged,
  isRinging,
  joinedLegs,
  legOfDevice,
  nextDeadlineAt,
  refusalError,
  refuseSettings,
  resolveDeadlines,
} from '@ringfence/call-rules';
import type {
  Actor,
  CallFacts,
  CallOutcome,
  Circumstances,
  Deadlines,
  Decision,
  Reach,
  SystemCommand,
  UserCommand,
  UserSettings,
} from '@ringfence/call-rules';
import type { RequestBody } from '@ringfence/protocol';
import type {
  CallChannel,
  CallChannelEvents,
  ClientIdentity,
  SignalingClient,
  SignalingClientEvents,
} from '@ringfence/signaling-client';
import { FakeRequests } from './fake-requests.ts';

type Command<Asked> = Asked extends { readonly other: unknown } ? Omit<Asked, 'other'> : Asked;

/** A command as a user gives it: the server itself finds the other call of a transfer. */
export type DeviceCommand = Command<UserCommand>;

interface FakeCall {
  readonly callId: string;
  facts: CallFacts | null;
  timer: TimerHandle | undefined;
  channel: (CallChannel & { emitter: Emitter<CallChannelEvents> }) | undefined;
  /** The leg of the phone that was offered, or that a channel was open for. */
  offered: string | undefined;
}

/** How many calls the user of the phone may be in. */
const callsPerUser = 4;

/**
 * A signaling client and the server behind it, in one object: the real rules, on a clock, and no
 * wire. Everything happens at once, and the media of everybody else is there at once.
 */
export class FakeServer implements SignalingClient {
  state: SignalingClient['state'] = 'idle';
  readonly identity: ClientIdentity;
  settings: UserSettings = defaultSettings;
  /** The other devices of the user of the phone. */
  otherDeviceIds: readonly string[] = [];
  /** Who can be called, and whether they are busy. */
  readonly reach = new Map<string, Reach>();
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #onListenerError: ListenerErrorHandler;
  readonly #emitter: Emitter<SignalingClientEvents>;
  readonly #calls = new Map<string, FakeCall>();
  readonly #requests: FakeRequests;

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
    this.#requests = new FakeRequests(clock);
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
    this.#requests.become(state);
    this.#emitter.emit('client.changed', { state });
    for (const call of [...this.#calls.values()]) {
      call.channel?.emitter.emit('connection', state === 'ready');
      this.#tell(call);
    }
  }

  channel(callId: string): CallChannel {
    const call = this.#call(callId);
    call.channel ??= this.#createChannel(call);
    return call.channel;
  }

  updateSettings(change: Partial<UserSettings>): Promise<UserSettings> {
    return this.#requests.ask('settings.update', change, (arrived) => {
      const next = { ...this.settings, ...arrived } as UserSettings;
      const code = refuseSettings(this.identity.userId, next);
      if (code !== null) throw refusalError({ code });
      this.settings = next;
      this.#emitter.emit('settings.changed', next);
      return next;
    });
  }

  facts(callId: string): CallFacts | null {
    return this.#calls.get(callId)?.facts ?? null;
  }

  /** Runs a command of any device. @throws the refusal of the rules. */
  command(callId: string, actor: Actor, command: DeviceCommand): void {
    const otherId =
      'toCallId' in command ? command.toCallId : 'fromCallId' in command && command.fromCallId;
    const asked = otherId ? { ...command, other: this.facts(otherId) } : command;
    const circumstances = this.#circumstances(callId, actor.userId);
    this.#take(decide(this.facts(callId), actor, asked as UserCommand, circumstances));
    this.#connectOthers(callId);
  }

  /** Tells the call what the server found out by itself. */
  system(callId: string, command: SystemCommand): void {
    const facts = this.facts(callId);
    if (facts !== null) this.#take(decideSystem(facts, command, this.#circumstances(callId)));
  }

  #call(callId: string): FakeCall {
    let call = this.#calls.get(callId);
    if (call === undefined) {
      call = { callId, facts: null, timer: undefined, channel: undefined, offered: undefined };
      this.#calls.set(callId, call);
    }
    return call;
  }

  #circumstances(callId: string, actorId?: string): Circumstances {
    return {
      callId,
      now: this.#clock.now(),
      deadlines: this.#deadlines,
      reach: (userId) => ({ ...this.#reachOf(userId), crossing: this.#crossing(userId, actorId) }),
    };
  }

  #reachOf(userId: string): Reach {
    const { userId: own, deviceId } = this.identity;
    const known = this.reach.get(userId);
    if (known !== undefined) return known;
    if (userId !== own) return { deviceIds: ['peer'], busy: false, settings: defaultSettings };
    const engaged = this.#facts().filter((facts) => isEngaged(facts, own));
    const busy = engaged.length >= callsPerUser;
    const deviceIds = [deviceId, ...this.otherDeviceIds];
    return { deviceIds, busy, settings: this.settings };
  }

  #crossing(fromUserId: string, toUserId: string | undefined): CallFacts | undefined {
    return this.#facts().find((facts) => {
      const direct = directRinging(facts);
      return direct?.fromUserId === fromUserId && direct.toUserId === toUserId;
    });
  }

  #facts(): readonly CallFacts[] {
    return [...this.#calls.values()].flatMap(({ facts }) => facts ?? []);
  }

  #take(decision: Decision): void {
    if (decision.refusal !== undefined) throw refusalError(decision.refusal);
    const { facts, events, other } = decision;
    if (facts === null || events.length === 0) return;
    const changed: CallOutcome[] = other === undefined ? [] : [other];
    changed.push({ facts, events });
    const calls = changed.map((outcome) => this.#write(outcome.facts));
    // A call that moved is told first: whoever shows it goes on with the other.
    const isMoved = ({ facts: now }: FakeCall): boolean => now!.call.movedTo !== null;
    calls.sort((one, two) => Number(isMoved(two)) - Number(isMoved(one)));
    for (const call of calls) this.#tell(call);
  }

  #write(facts: CallFacts): FakeCall {
    const call = this.#call(facts.call.id);
    call.facts = facts;
    this.#clock.clearTimeout(call.timer);
    const next = nextDeadlineAt(facts);
    if (next !== null) {
      call.timer = this.#clock.setTimeout(
        () => this.system(call.callId, { type: 'deadline.passed' }),
        next - this.#clock.now(),
      );
    }
    return call;
  }

  /** The media of each device but the phone's arrives at each, and that of each at it. */
  #connectOthers(callId: string): void {
    const { orgId, deviceId: own, userId: ownUserId } = this.identity;
    for (;;) {
      const facts = this.facts(callId);
      if (facts === null) return;
      const joined = joinedLegs(facts);
      const others = joined.filter((leg) => leg.userId !== ownUserId || leg.deviceId !== own);
      const deaf = others
        .flatMap((leg) => joined.map((from) => ({ leg, from })))
        .find(({ leg, from }) => leg !== from && !leg.hears.includes(from.id));
      if (deaf === undefined) return;
      const { leg, from } = deaf;
      const actor = { orgId, userId: leg.userId, deviceId: leg.deviceId };
      const { mediaEpoch } = facts.call;
      const report = { type: 'call.media', mediaEpoch, legId: from.id, connected: true } as const;
      this.#take(decide(facts, actor, report, this.#circumstances(callId)));
    }
  }

  /** Tells the phone the facts of a call, once it can be told. */
  #tell(call: FakeCall): void {
    const { channel, facts } = call;
    if (this.state !== 'ready' || facts === null) return;
    if (channel !== undefined) return channel.emitter.emit('facts', facts);
    const leg = this.#ownLeg(facts);
    if (leg === undefined || !isContending(leg) || leg.id === call.offered) return;
    call.offered = leg.id;
    this.#emitter.emit('call.offered', facts);
  }

  #ownLeg(facts: CallFacts | null) {
    const { userId, deviceId } = this.identity;
    return facts === null ? undefined : legOfDevice(facts, userId, deviceId);
  }

  /** Until when an accept is of use. */
  #ringsForMs({ facts }: FakeCall): number {
    const own = facts?.participants.find(
      (each) => each.userId === this.identity.userId && isRinging(each),
    );
    return (own?.ringDeadlineAt ?? 0) - this.#clock.now();
  }

  #createChannel(call: FakeCall): NonNullable<FakeCall['channel']> {
    const { callId } = call;
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
      command: (name, body) =>
        this.#requests.ask(
          name,
          { ...body, callId } as RequestBody<typeof name>,
          (arrived) =>
            this.command(callId, this.identity, { ...arrived, type: name } as DeviceCommand),
          name === 'call.accept' ? this.#ringsForMs(call) : undefined,
        ),
      signal: () => true,
      iceServers: async () => [],
      close: () => {
        emitter.clear();
        call.offered = this.#ownLeg(call.facts)?.id;
        call.channel = undefined;
      },
    };
  }
}
