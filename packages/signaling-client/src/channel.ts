import type { CallFacts } from '@ringfence/call-rules';
import { isSignalBody, LIMITS, writeNotice } from '@ringfence/protocol';
import type {
  CommandName,
  IceServer,
  ReceivedAcknowledgement,
  ReceivedSignal,
  RequestBody,
  SignalBody,
} from '@ringfence/protocol';
import type { Environment } from './environment.ts';
import { createListeners } from './listeners.ts';
import type { On } from './listeners.ts';
import { createSignalInbox } from './signal-inbox.ts';
import { createSignalOutbox } from './signal-outbox.ts';

/** The most that a frame has around the body of its signal. */
const envelopeBytes = 512;

/** The body of a command, without the id of the call. */
export type CommandBody<Name extends CommandName> = Omit<RequestBody<Name>, 'callId'>;

/** A signal from the leg of another. Each comes once, in order. */
export interface IncomingSignal {
  readonly fromLeg: string;
  readonly mediaEpoch: number;
  readonly body: SignalBody;
}

/** What a channel's listeners hear. */
export interface CallChannelEvents {
  /** The facts changed. */
  facts: CallFacts;
  signal: IncomingSignal;
  /** The connection to the server is there, or is gone. */
  connection: boolean;
}

/** One call, as signaling knows it. Made by `client.channel(callId)`. */
export interface CallChannel {
  readonly callId: string;
  /**
   * The newest facts; null until the server told the first. A call that the server does not know
   * any more is shown as `ended`, `failed`.
   */
  readonly facts: CallFacts | null;
  /** True while the server hears us. */
  readonly connected: boolean;
  /** Subscribes. Returns the function that unsubscribes. */
  readonly on: On<CallChannelEvents>;
  /**
   * Sends a command. It is kept until it is answered, in order with the other commands of this
   * call, and sent again after a reconnect. A dial expires after `dialMs`, an accept at the ring
   * deadline, all others never. A hang-up overtakes, and drops what was not sent yet. One that
   * follows a dial without facts says so to the server (`dialed`), which then remembers the cancel.
   *
   * @throws {RingfenceError} as a rejection: a code of the wire or the rules, `request_expired`,
   * `command_superseded`, `queue_full`, `invalid_answer`, `client_closed`.
   */
  command<Name extends CommandName>(name: Name, body: CommandBody<Name>): Promise<void>;
  /**
   * Sends something to another leg. Kept until that leg acknowledged it, in order.
   * False when it was dropped: it breaks the bounds of the wire (P-708), is of an old epoch, or 512
   * others wait. Then media of this epoch cannot connect.
   */
  signal(signal: { toLeg: string; mediaEpoch: number; body: SignalBody }): boolean;
  /** STUN and TURN servers for this call. Rejects like `command`, after `requestMs` at the latest. */
  iceServers(): Promise<IceServer[]>;
  /** Lets go of the call: no more events, no more signals. Commands go on until answered. */
  close(): void;
}

/** What a channel works with. */
export interface ChannelPorts {
  facts(callId: string): CallFacts | null;
  isOnline(): boolean;
  send(frame: string): void;
  command<Name extends CommandName>(name: Name, body: RequestBody<Name>): Promise<void>;
  iceServers(callId: string): Promise<IceServer[]>;
  sync(callId: string): void;
  closed(callId: string): void;
}

/** A channel as its calls drive it. */
export interface Channel extends CallChannel {
  /** The facts changed; `resumed` are the legs whose devices came back, or null for any. */
  changed(facts: CallFacts, resumed: readonly string[] | null): void;
  connection(isOnline: boolean): void;
  receive(signal: ReceivedSignal): void;
  acknowledged(acknowledgement: ReceivedAcknowledgement): void;
}

export function createChannel(
  callId: string,
  environment: Environment,
  ports: ChannelPorts,
): Channel {
  const { on, emit, has, clear } = createListeners<CallChannelEvents>(environment.logger);
  let isClosed = false;
  let hasDialed = false;
  const facts = (): CallFacts | null => ports.facts(callId);

  const outbox = createSignalOutbox(environment, ports.isOnline, (signal) =>
    ports.send(writeNotice('signal', { callId, ...signal })),
  );
  const inbox = createSignalInbox(environment, {
    facts,
    isHeard: () => has('signal'),
    deliver: ({ fromLeg, mediaEpoch, body }) => emit('signal', { fromLeg, mediaEpoch, body }),
    acknowledge: (acknowledgement) =>
      ports.send(writeNotice('signal.ack', { callId, ...acknowledgement })),
    lag: () => ports.sync(callId),
  });

  return {
    callId,
    get facts() {
      return facts();
    },
    get connected() {
      return !isClosed && ports.isOnline();
    },

    on(name, listener) {
      if (isClosed) return () => {};
      // What waited for a listener comes once `on` has returned.
      if (name === 'signal') queueMicrotask(inbox.release);
      return on(name, listener);
    },

    command(name, body) {
      const isUnanswered = hasDialed && facts() === null;
      hasDialed ||= name === 'call.dial';
      const dialed = name === 'call.hang-up' && isUnanswered && { dialed: true };
      return ports.command(name, { callId, ...body, ...dialed } as never);
    },

    signal({ toLeg, mediaEpoch, body }) {
      const size = new TextEncoder().encode(JSON.stringify(body)).length;
      // What the wire refuses would close the connection, and all calls on it (P-202, P-708).
      if (isClosed || !isSignalBody(body) || size > LIMITS.frameBytes - envelopeBytes) return false;
      return outbox.add(toLeg, mediaEpoch, facts()?.call.seq ?? 0, body);
    },

    iceServers: () => ports.iceServers(callId),

    close() {
      if (isClosed) return;
      isClosed = true;
      clear();
      outbox.clear();
      inbox.clear();
      ports.closed(callId);
    },

    changed(now, resumed) {
      if (now.call.state === 'ended') outbox.clear();
      else if (resumed) resumed.forEach((legId) => outbox.resend(legId));
      else outbox.resend();
      emit('facts', now);
      inbox.release();
    },

    connection(isOnline) {
      if (isOnline) outbox.resend();
      else outbox.pause();
      emit('connection', isOnline);
    },

    receive: inbox.receive,
    acknowledged: ({ fromLeg, mediaEpoch, n }) => outbox.acknowledge(fromLeg, mediaEpoch, n),
  };
}
