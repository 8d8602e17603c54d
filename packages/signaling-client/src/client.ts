/*
 * The client, put together. What is where:
 *
 *   link            one connection after another: states, token, hello, beats, watch, backoff
 *   requests        what is kept until it is answered: commands in order, and other requests
 *   calls, fold     the calls this device knows: events into facts, gaps, offers
 *   channel         one call as its host sees it
 *   signal-outbox   signals to other legs: numbers, resends
 *   signal-inbox    signals from other legs: order, holds, acknowledgements
 *   transport       the port to the network; web-socket-transport is that of the platform
 *
 * Only `link` knows of connections, only `requests` of answers, only `calls` of facts. All of them
 * take time, chance and logs from one `environment`.
 */
import {
  createListeners,
  randomId,
  silentLogger,
  systemClock,
  systemRandom,
} from '@ringfence/base';
import type { Clock, Logger, On, Random, RingfenceError } from '@ringfence/base';
import { isRinging } from '@ringfence/call-rules';
import type { CallFacts, UserSettings } from '@ringfence/call-rules';
import type { CommandAnswer, CommandName } from '@ringfence/protocol';
import { createCalls } from './calls.ts';
import type { CallChannel } from './channel.ts';
import type { Environment } from './environment.ts';
import { createLink } from './link.ts';
import type { LinkState } from './link.ts';
import { resolveOptions } from './options.ts';
import type { SignalingClientOptions } from './options.ts';
import { createRequests } from './requests.ts';
import type { Transport } from './transport.ts';
import { webSocketTransport } from './web-socket-transport.ts';

/** Who the server says we are. */
export interface ClientIdentity {
  readonly userId: string;
  readonly orgId: string;
  readonly deviceId: string;
}

/** What a client's listeners hear. */
export interface SignalingClientEvents {
  /**
   * The state changed. `error` says why, in `waiting` and in a `closed` nobody asked for: codes
   * `connection_lost`, `token_unavailable`, `unauthorized`, `replaced`, or what the server said.
   */
  'client.changed': { readonly state: LinkState; readonly error?: RingfenceError };
  /**
   * A call for this device, to be shown: it has a new leg that is offered or rings, and no channel
   * is open. Open one in the listener, and answer `call.ring` within two seconds. Comes once a leg,
   * so again for who left a call and is rung again. A leg may have joined already when the call came
   * in place of another that nobody looks after ({@link CallChannel}).
   */
  'call.offered': CallFacts;
  /** The user's settings are known, or differ from what was known: changed here or elsewhere. */
  'settings.changed': UserSettings;
}

/** The collaborators of a client. Each has a default. */
export interface SignalingClientPorts {
  /** Default `webSocketTransport`. */
  readonly transport?: Transport | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** Default: nothing is logged. */
  readonly logger?: Logger | undefined;
}

/**
 * A connected, resuming session with the server. See {@link createSignalingClient}.
 *
 * ```
 * idle ──▶ connecting ──▶ ready ──▶ waiting ──▶ connecting ...      any ──▶ closed
 *             └───────────────────────▲
 * ```
 */
export interface SignalingClient extends AsyncDisposable {
  readonly state: LinkState;
  /** Null before the first welcome. */
  readonly identity: ClientIdentity | null;
  /** What the user wants done with their calls. Null before the first welcome. */
  readonly settings: UserSettings | null;
  /** Starts to connect, and stays connected. While `waiting`, tries at once. */
  connect(): void;
  /** Closes for good: what waits for an answer is rejected with `client_closed`. Idempotent. */
  close(): Promise<void>;
  /** Subscribes. Returns the function that unsubscribes. */
  readonly on: On<SignalingClientEvents>;
  /** Opens the channel of a call, or returns the open one. Mint the id of a new call with `uuidV7`. */
  channel(callId: string): CallChannel;
  /**
   * Changes the user's settings, on all of their devices, and resolves with what they are then.
   * Fields left out stay as they are. Changes go one at a time, in order, also after a reconnect.
   *
   * @throws {RingfenceError} as a rejection: `invalid_address`, `address_unsupported`,
   * `cannot_dial_self`, `request_expired` after `requestMs`, and like {@link CallChannel.command}.
   */
  updateSettings(change: Partial<UserSettings>): Promise<UserSettings>;
}

/** Commands that concern this side alone, and are true however late they arrive. */
const lasting: readonly CommandName[] = [
  'call.ring',
  'call.decline',
  'call.hang-up',
  'call.media',
  'call.update',
];

/**
 * Makes a client. It does nothing until `connect()`.
 *
 * It comes back after every loss by itself, knows what it missed, and keeps what it was asked to
 * send. It closes by itself only when another connection of the same device took over (`replaced`),
 * or when tokens are refused again and again (`unauthorized`).
 *
 * @example
 * await using client = createSignalingClient({ url: 'wss://calls.example/v1/socket', token });
 * client.on('call.offered', (facts) => show(client.channel(facts.call.id)));
 * client.connect();
 *
 * @throws {RingfenceError} `invalid_option`.
 */
export function createSignalingClient(
  options: SignalingClientOptions,
  ports: SignalingClientPorts = {},
): SignalingClient {
  const {
    transport = webSocketTransport,
    clock = systemClock,
    random = systemRandom,
    logger = silentLogger,
  } = ports;
  const tuned = resolveOptions(options);
  const deviceId = tuned.deviceId ?? randomId(random);
  const environment: Environment = { options: tuned, transport, clock, random, logger };
  const listeners = createListeners<SignalingClientEvents>(logger);
  let identity: ClientIdentity | null = null;
  let settings: UserSettings | null = null;
  let wasReady = false;
  /** The server's time less the monotonic clock. */
  let offsetMs = 0;
  const serverNow = (): number => offsetMs + clock.monotonic();

  const link = createLink(environment, {
    hello: () => ({ device: deviceId, callWaiting: tuned.callWaiting, known: calls.known() }),
    welcomed(welcome) {
      const { userId, orgId } = welcome;
      identity = { userId, orgId, deviceId };
      offsetMs = welcome.now - clock.monotonic();
      takeSettings(welcome.settings);
      for (const each of welcome.calls) {
        // A listener may close the client meanwhile.
        if (link.state() === 'ready') calls.take(each);
      }
    },
    changed(state, error) {
      const isReady = state === 'ready';
      requests.changed(state);
      if (wasReady !== isReady) calls.connection((wasReady = isReady));
      listeners.emit('client.changed', { state, ...(error && { error }) });
      if (state !== 'closed') return;
      calls.close();
      listeners.clear();
    },
    answer: (answer) => requests.answer(answer),
    events: {
      beat: (body) => calls.beat(body.calls),
      'call.events': ({ callId, events }) => calls.take({ callId, events }),
      signal: (signal) => calls.find(signal.callId)?.receive(signal),
      'signal.ack': (signal) => calls.find(signal.callId)?.acknowledged(signal),
      'settings.changed': takeSettings,
      'token.expiring': refreshToken,
    },
  });
  const requests = createRequests(environment, link.send);
  const brief = { expiresInMs: tuned.requestMs };

  const calls = createCalls(environment, {
    identity: () => identity,
    now: serverNow,
    offered: (facts) => listeners.emit('call.offered', facts),
    ask(callId, afterSeq, onAnswer) {
      requests
        .add('call.sync', { callId, afterSeq }, { ...brief, onAnswer })
        .catch(() => onAnswer(null));
    },
    isOnline: () => link.state() === 'ready',
    send: link.send,
    async command(name, body) {
      const { callId } = body;
      const onAnswer = ({ seq, events }: CommandAnswer): void => {
        calls.take({ callId, events });
        // A repeated command is answered as the first was; what came in between may be missing.
        calls.behind(callId, seq);
      };
      try {
        await requests.add<CommandName>(name, body, {
          queue: callId,
          expiresInMs: expiresInMs(name, callId),
          onAnswer,
        });
      } catch (error) {
        calls.doubt(callId);
        throw error;
      }
    },
    iceServers: async (callId) =>
      (await requests.add('call.ice-servers', { callId }, brief)).iceServers,
  });

  function expiresInMs(name: CommandName, callId: string): number | undefined {
    if (name !== 'call.accept') return lasting.includes(name) ? undefined : tuned.dialMs;
    const own = calls
      .facts(callId)
      ?.participants.find((each) => each.userId === identity?.userId && isRinging(each));
    return own && own.ringDeadlineAt! - serverNow();
  }

  function takeSettings(next: UserSettings): void {
    if (JSON.stringify(next) === JSON.stringify(settings)) return;
    settings = next;
    listeners.emit('settings.changed', next);
  }

  async function refreshToken(): Promise<void> {
    if (typeof tuned.token === 'string') return;
    try {
      await requests.add('token.refresh', { token: await link.token() }, brief);
    } catch (error) {
      // The server closes with 4001 when the old token expires; the next attempt asks anew.
      logger.warn('the token was not refreshed', { error });
    }
  }

  const close = async (): Promise<void> => link.close();
  return {
    get state() {
      return link.state();
    },
    get identity() {
      return identity;
    },
    connect: link.connect,
    close,
    on: listeners.on,
    channel: calls.channel,
    get settings() {
      return settings;
    },
    updateSettings: (change) =>
      requests.add('settings.update', change, {
        ...brief,
        queue: 'settings',
        onAnswer: takeSettings,
      }),
    [Symbol.asyncDispose]: close,
  };
}
