/*
 * The signaling server, without a socket library and without a store.
 *
 *   server.ts      puts the parts together            session.ts    one socket: bounds and phase
 *   reception.ts   reads frames and hands them on     welcome.ts    answers hello
 *   calls.ts       the live calls and their jobs      call-work.ts  the jobs: decide and write
 *   assumptions.ts what a decision takes for granted  change.ts     a decision as one write
 *   call-delivery.ts who is told what of a call       audience.ts   what of it concerns a leg
 *   relay.ts       signals between legs               catch-up.ts   what a client missed
 *   presence.ts    devices come and go                dial-rate.ts  how often a user rings others
 *   directory.ts   who is connected where             peers.ts      the other instances
 *   pulse.ts       beats, silence, tokens, sweep      user-settings.ts  do not disturb, forwarding
 *
 *   1. Nothing a client sends, and nothing a store or bus does, ends the process or another session.
 *   2. What is remembered is gone when the last call has ended and the last socket has closed.
 *   3. There is one timer, whatever the number of sessions and calls.
 */
import { silentLogger, systemClock, systemRandom, uuidV7 } from '@ringfence/base';
import type { Clock, Logger, Random, TimerHandle } from '@ringfence/base';
import { CLOSE } from '@ringfence/protocol';
import { Calls } from './calls.ts';
import { DialRate } from './dial-rate.ts';
import { Directory } from './directory.ts';
import { createInProcessBus } from './in-process-bus.ts';
import { resolveServerOptions } from './options.ts';
import type { SignalingServerOptions } from './options.ts';
import { Peers } from './peers.ts';
import type { Auth, Bus, IceServers, ServerSocket, SocketEvents, Store } from './ports.ts';
import { Presence } from './presence.ts';
import { Pulse } from './pulse.ts';
import { Reception } from './reception.ts';
import { Relay } from './relay.ts';
import { Session } from './session.ts';
import type { SocketInfo } from './session.ts';
import { StoreAccess } from './store-access.ts';
import { UserSettingsAccess } from './user-settings.ts';
import { Welcome } from './welcome.ts';

/** What a signaling server works with. */
export interface SignalingServerParts {
  readonly store: Store;
  readonly auth: Auth;
  /** Default: a bus of its own, for a lone instance. */
  readonly bus?: Bus;
  /** Default: no STUN and no TURN servers. */
  readonly iceServers?: IceServers;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
}

/** How many things a server holds. All but `sessions` are zero when every call has ended. */
export interface SignalingServerCounts {
  readonly sessions: number;
  /** Live calls that are remembered. */
  readonly calls: number;
  /** Users with a device that is connected, or was a moment ago. */
  readonly users: number;
}

/** A signaling server. Any number of them may share a store and a bus. */
export interface SignalingServer extends AsyncDisposable {
  /** Sockets that are open now. */
  readonly sessions: number;
  readonly counts: SignalingServerCounts;
  /** Takes in a socket. Its adapter calls what is returned, and never again after `closed`. */
  accept(socket: ServerSocket, info: SocketInfo): SocketEvents;
  /** True while it takes calls: it is not draining, and its store answers. */
  healthy(): boolean;
  /** What {@link healthy} is made of: it is not draining; its store answered last. */
  readiness(): { readonly accepting: boolean; readonly store: boolean };
  /**
   * Closes every socket with 1012, takes no new ones, and waits until all writes are done, for at
   * most `deadlineMs` (default 5,000). A second call joins the first.
   */
  drain(options?: { readonly deadlineMs?: number }): Promise<void>;
  /** Drains, then lets go of everything. A second call joins the first. Never rejects. */
  close(): Promise<void>;
}

/**
 * Makes a signaling server and starts its timer. It listens on nothing: a socket adapter, such as
 * that of `@ringfence/signaling-server/ws`, hands it sockets.
 *
 * @throws {RingfenceError} `invalid_option` for an option out of its range.
 */
export function createSignalingServer(
  options: SignalingServerOptions,
  parts: SignalingServerParts,
): SignalingServer {
  const resolved = resolveServerOptions(options);
  const { auth, clock = systemClock, random = systemRandom, logger = silentLogger } = parts;
  const { bus = createInProcessBus({ logger }), iceServers = noIceServers } = parts;
  const store = new StoreAccess(parts.store, logger);
  const sessions = new Set<Session>();
  const directory = new Directory();
  const peers = new Peers({ bus, instance: uuidV7(clock, random), directory, clock, logger });
  const dialRate = new DialRate(resolved, clock);
  const settings = new UserSettingsAccess({ store, directory, peers });
  const calls = new Calls(resolved, { store, dialRate, directory, peers, settings, logger });
  const presence = new Presence(resolved.deadlines.leaseMs, { calls, clock, directory, peers });
  const welcome = new Welcome(resolved, {
    auth,
    calls,
    clock,
    directory,
    logger,
    presence,
    settings,
    store,
    sessions: () => sessions.size,
  });
  const relay = new Relay({ directory, peers });
  const reception = new Reception({
    auth,
    calls,
    clock,
    iceServers,
    logger,
    relay,
    settings,
    store,
    welcome,
  });
  const pulse = new Pulse(resolved, { calls, clock, directory, logger, peers, sessions, store });
  let isDraining = false;
  let draining: Promise<void> | undefined;
  let closing: Promise<void> | undefined;

  peers.start({
    callWritten: (orgId, callId, seq) => calls.heard(orgId, callId, seq),
    settingsWritten: (orgId, userId, changed) => settings.learn(orgId, userId, changed),
    deviceLost(device) {
      const { orgId, userId, deviceId } = device;
      for (const { callId } of calls.ofDevice(orgId, userId, deviceId)) {
        calls.presence(orgId, callId, device);
      }
    },
  });
  pulse.start();

  const onClosed = (session: Session, code: number): void => {
    sessions.delete(session);
    presence.leave(session, code);
  };

  const settle = async (deadlineMs: number): Promise<void> => {
    isDraining = true;
    for (const session of sessions) session.close(CLOSE.restart, 'the server goes away');
    let timer: TimerHandle;
    const deadline = new Promise<void>((resolve) => {
      timer = clock.setTimeout(resolve, deadlineMs);
    });
    await Promise.race([calls.idle(), deadline]);
    clock.clearTimeout(timer);
  };

  const drain = ({ deadlineMs = 5_000 } = {}): Promise<void> => (draining ??= settle(deadlineMs));

  const close = async (): Promise<void> => {
    await drain();
    pulse.stop();
    peers.close();
  };

  return {
    get sessions() {
      return sessions.size;
    },
    get counts() {
      return { sessions: sessions.size, calls: calls.size, users: directory.size };
    },
    accept(socket, info) {
      const session = new Session(
        { id: uuidV7(clock, random), socket, info, nowMs: clock.monotonic(), onClosed },
        resolved,
      );
      sessions.add(session);
      if (isDraining) session.close(CLOSE.restart, 'the server goes away');
      else if (sessions.size > resolved.maximumSessions) {
        session.close(CLOSE.overloaded, 'the server is full');
      }
      return reception.events(session);
    },
    healthy: () => !isDraining && !store.isFailing,
    readiness: () => ({ accepting: !isDraining, store: !store.isFailing }),
    drain,
    close: () => (closing ??= close()),
    [Symbol.asyncDispose]: () => (closing ??= close()),
  };
}

const noIceServers: IceServers = () => Promise.resolve({ iceServers: [] });
