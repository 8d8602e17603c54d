/*
 * The ports of the server. A host app may bring its own adapters; each port has a conformance
 * suite in the `testing` subpath.
 */
import type { CallEvent, CallFacts, UserSettings } from '@ringfence/call-rules';
import type { AnswerBody } from '@ringfence/protocol';

/** A condition that must hold when a change is written. */
export type Guard =
  /** There is no call with this id, in any organisation. */
  | { readonly guard: 'call.absent'; readonly callId: string }
  /** The call stands at this `seq`. */
  | { readonly guard: 'call.seq'; readonly callId: string; readonly seq: number }
  /** No direct call from the one user rings at the other (`directRinging` of its row). */
  | {
      readonly guard: 'pair.free';
      readonly orgId: string;
      readonly fromUserId: string;
      readonly toUserId: string;
    }
  /** The user is engaged (rings or talks) in at most this many calls. */
  | {
      readonly guard: 'user.engaged';
      readonly orgId: string;
      readonly userId: string;
      readonly atMost: number;
    }
  /** The user's settings are at this version; 0 where none were ever set. */
  | {
      readonly guard: 'user.settings';
      readonly orgId: string;
      readonly userId: string;
      readonly version: number;
    }
  /** The store's clock is before this time. */
  | { readonly guard: 'time.before'; readonly at: number };

/** The stored answer to a command, by which a repeated command is known. */
export interface StoredAnswer {
  readonly orgId: string;
  readonly userId: string;
  readonly commandId: string;
  /** A digest of the request, so that an id used for another request is noticed. */
  readonly requestHash: string;
  /** JSON, as it went out. */
  readonly answer: string;
  /** Kept at least until then. */
  readonly keepUntil: number;
}

/** A hint for other instances, written with the facts it tells of. */
export interface OutboxEntry {
  readonly topic: string;
  readonly callId: string;
  readonly seq: number;
}

/** Settings as they are kept. `version` counts the writes, from 1; see {@link Guard}. */
export interface StoredSettings extends UserSettings {
  readonly version: number;
}

/** What a write does to one call. */
export interface CallChange {
  /** The rows as they are after the change. */
  readonly facts: CallFacts;
  /** When the call's next deadline falls. Kept as an indexed column. */
  readonly nextDeadlineAt: number | null;
  /** Between whom it rings and nobody else is in it. Kept as an indexed column. */
  readonly directRinging: { readonly fromUserId: string; readonly toUserId: string } | null;
  /** The new lines of the call's history. */
  readonly events: readonly CallEvent[];
}

/** One write: all of it, or nothing. */
export interface ChangeSet {
  readonly orgId: string;
  readonly guards: readonly Guard[];
  /** The calls that change: none, one, or two that become one. */
  readonly calls: readonly CallChange[];
  /** A user's settings as they are after the change. */
  readonly settings?: { readonly userId: string; readonly settings: StoredSettings } | undefined;
  readonly outbox: readonly OutboxEntry[];
  readonly answer?: StoredAnswer | undefined;
}

/** What a commit came to. A commit whose outcome is not known rejects instead. */
export type CommitResult =
  | { readonly outcome: 'applied' }
  /** The command was run before: this is its answer, and nothing was written. */
  | { readonly outcome: 'answered'; readonly answer: StoredAnswer }
  /** A guard did not hold; nothing was written. */
  | {
      readonly outcome: 'conflict';
      /** The first that did not hold. */
      readonly guard: Guard;
      /**
       * The call that a `call.*` guard names, as it stands, or the oldest that a `pair.free` guard
       * met. Null for other guards, and where there is none in the organisation.
       */
      readonly facts: CallFacts | null;
      /** What a `user.settings` guard met. Null for other guards, and where none were ever set. */
      readonly settings: StoredSettings | null;
    };

/**
 * The port to the facts. Every method is one round trip, is scoped to one organisation, and settles:
 * one that hears nothing for some seconds rejects. The commands of a call wait for it.
 */
export interface Store {
  /** The store's own clock, as last seen; milliseconds since the Unix epoch. */
  now(): number;
  commit(changeSet: ChangeSet): Promise<CommitResult>;
  /** The call, or null where it is unknown or of another organisation. */
  load(orgId: string, callId: string): Promise<CallFacts | null>;
  /** At most `limit` events with a `seq` above `afterSeq`, in order. */
  eventsAfter(
    orgId: string,
    callId: string,
    afterSeq: number,
    limit: number,
  ): Promise<readonly CallEvent[]>;
  /**
   * The calls that a user is or was a participant of, and that are live, or ended after `endedAfter`.
   */
  callsOf(orgId: string, userId: string, endedAfter: number): Promise<readonly CallFacts[]>;
  /** The user's settings; null where none were ever set. */
  settingsOf(orgId: string, userId: string): Promise<StoredSettings | null>;
  /** Reads a command's answer back, after a commit whose outcome was lost. */
  answerOf(orgId: string, userId: string, commandId: string): Promise<StoredAnswer | null>;
  /**
   * Calls of any organisation whose next deadline is at or before the store's clock, earliest
   * first. Several instances may be handed the same call; the `call.seq` guard lets one act.
   */
  due(limit: number): Promise<readonly CallFacts[]>;
}

/** A message between instances: a hint, which may be lost, doubled or late. */
export interface BusMessage {
  readonly topic: string;
  /** JSON. */
  readonly body: string;
}

/** The port to the other instances. */
export interface Bus {
  /** Never throws. Delivery is tried once. */
  publish(message: BusMessage): void;
  /** Returns the function that unsubscribes. */
  subscribe(topic: string, listener: (message: BusMessage) => void): () => void;
}

/** Who a token speaks for. */
export interface Identity {
  readonly orgId: string;
  readonly userId: string;
  /** Milliseconds since the Unix epoch; null when the token does not expire. */
  readonly expiresAt: number | null;
}

/** The port to identity. */
export interface Auth {
  /** @throws {RingfenceError} `unauthorized`. The message never quotes the token. */
  verify(token: string): Promise<Identity>;
}

/** The port to STUN and TURN servers: those for one user in one call, with credentials for it. */
export type IceServers = (request: {
  readonly orgId: string;
  readonly userId: string;
  readonly callId: string;
}) => Promise<AnswerBody<'call.ice-servers'>>;

/** One connection of a client, as a socket adapter hands it in. Its methods never throw. */
export interface ServerSocket {
  send(text: string): void;
  close(code: number, reason: string): void;
  /** Bytes accepted by `send` and not yet handed to the network. */
  readonly bufferedBytes: number;
}

/** What the socket adapter calls as things happen to its socket. */
export interface SocketEvents {
  message(text: string): void;
  /** A binary frame came. */
  binary(): void;
  /** A ping or a pong of the WebSocket itself came. */
  control(): void;
  closed(code: number): void;
}
