import { createListeners } from '@ringfence/base';
import type { On } from '@ringfence/base';
import { joinedLegs } from '@ringfence/call-rules';
import type { CallFacts } from '@ringfence/call-rules';
import { frameBytes, isSignalBody, writeNotice } from '@ringfence/protocol';
import type {
  CommandName,
  IceServer,
  ReceivedAcknowledgement,
  ReceivedSignal,
  RequestBody,
  SignalBody,
} from '@ringfence/protocol';
import type { Environment } from './environment.ts';
import { createSignalInbox } from './signal-inbox.ts';
import { createSignalOutbox } from './signal-outbox.ts';

/** The most that a frame has around the body of its signal. */
const envelopeBytes = 512;

/** The body of a command, without the id of the call. */
export type CommandBody<Name extends CommandName> = WithoutCallId<RequestBody<Name>>;

/** Each of a union by itself: a transfer is to somebody, or to a call. */
type WithoutCallId<Body> = Body extends unknown ? Omit<Body, 'callId'> : never;

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

/**
 * One call, as signaling knows it. Made by `client.channel(callId)`.
 *
 * **A channel is for one leg of this device**, the first that it meets. A device that left a call
 * and is rung again has a new leg: it is told by `call.offered` once the channel is closed, so a
 * channel is closed when its leg is over.
 *
 * **A call may move.** Its facts then are `ended`, `transferred`, and name another call in
 * `movedTo`, in which this device may have a leg. The client fetches that call by itself, and does
 * not offer it while the channel of the first is open. Whoever holds that channel goes on so:
 *
 * 1. Opens `client.channel(movedTo)`, at once: signals for the new leg are kept from then on, until
 *    somebody listens to `signal`. The channel may be open already, as a call of its own.
 * 2. Waits for its `facts`, when they are null still. They come, also after a reconnect. When the
 *    server does not know that call any more, they are those of the first call, `ended`, `failed`.
 * 3. Finds the newest leg of this device there: contending or joined, it goes on as that one;
 *    otherwise the call is over for this device.
 * 4. Closes the first channel.
 *
 * A hang-up that crosses a move ends nothing but the first call: who has hung up by then hangs up
 * in the other call too. When the first channel is closed and nobody has opened the other, the
 * other call is offered, though its leg may have joined already.
 */
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
   * call, and sent again after a reconnect. What concerns others (dial, invite, transfer, merge,
   * remove, request-mute) expires after `dialMs`, an accept at the ring deadline, all else never. A
   * hang-up overtakes, and drops what was not sent yet. One that follows a dial without facts says
   * so: `dialed: true`. The server then remembers the cancel, should it come before the dial.
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
  /** The facts changed. `isResumed`: another device came back, or may have. */
  changed(facts: CallFacts, isResumed: boolean): void;
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
      // What waited for a listener comes once `on` has returned.
      if (name === 'signal') queueMicrotask(inbox.release);
      return on(name, listener);
    },

    command: (name, body) => ports.command(name, { callId, ...body } as never),

    signal({ toLeg, mediaEpoch, body }) {
      const size = new TextEncoder().encode(JSON.stringify(body)).length;
      // What the wire refuses would close the connection, and all calls on it (P-202, P-708).
      if (isClosed || !isSignalBody(body) || size > frameBytes - envelopeBytes) return false;
      return outbox.add(toLeg, mediaEpoch, facts()?.call.seq ?? 0, body);
    },

    iceServers: () => ports.iceServers(callId),

    close() {
      if (isClosed) return;
      isClosed = true;
      clear();
      outbox.keep([]);
      inbox.clear();
      ports.closed(callId);
    },

    changed(now, isResumed) {
      outbox.keep(now.call.state === 'ended' ? [] : joinedLegs(now).map(({ id }) => id));
      if (isResumed) outbox.resend();
      emit('facts', now);
      inbox.release();
    },

    connection(isOnline) {
      outbox.resend();
      emit('connection', isOnline);
    },

    receive: inbox.receive,
    acknowledged: outbox.acknowledge,
  };
}
