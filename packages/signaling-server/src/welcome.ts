import type { Clock, Logger } from '@ringfence/base';
import { defaultSettings, isLive, isParty, legOfDevice } from '@ringfence/call-rules';
import type { CallEvent, CallFacts } from '@ringfence/call-rules';
import { CLOSE, LIMITS, wireError, writeAnswer, writeError, writeEvent } from '@ringfence/protocol';
import type { CatchUp, Request } from '@ringfence/protocol';
import type { Calls } from './calls.ts';
import { catchUp } from './catch-up.ts';
import type { Directory } from './directory.ts';
import { isStoreFailure, isUnauthorized, refusalReason } from './failures.ts';
import type { ResolvedServerOptions } from './options.ts';
import type { Auth, Identity } from './ports.ts';
import type { Presence } from './presence.ts';
import type { Session } from './session.ts';
import type { StoreAccess } from './store-access.ts';
import { plain } from './user-settings.ts';
import type { UserSettingsAccess } from './user-settings.ts';

type Hello = Extract<Request, { readonly name: 'hello' }>;

/** How long a client waits before it tries a server whose store is down again. */
const storeRetryMs = 1_000;
/** How long one waits whose user has too many devices: until some are forgotten. */
const crowdedRetryMs = 10_000;

export interface WelcomeParts {
  readonly auth: Auth;
  readonly calls: Calls;
  readonly clock: Clock;
  readonly directory: Directory;
  readonly logger: Logger;
  readonly presence: Presence;
  readonly settings: UserSettingsAccess;
  readonly store: StoreAccess;
  /** Open sockets now. */
  readonly sessions: () => number;
}

/** Answers `hello`: who it is, where their calls stand, and what they missed. */
export class Welcome {
  readonly #parts: WelcomeParts;
  readonly #options: ResolvedServerOptions;

  constructor(options: ResolvedServerOptions, parts: WelcomeParts) {
    this.#options = options;
    this.#parts = parts;
  }

  async hello(session: Session, { id, body }: Hello): Promise<void> {
    const { calls, clock, directory, presence, settings, store } = this.#parts;
    const answerDueAt = clock.monotonic() + this.#options.helloMs;
    session.phase = { name: 'welcoming', held: [], answerDueAt };
    const known = new Map(Object.entries(body.known ?? {}));
    const identity = await this.#verify(session, id, body.token);
    if (identity === null || !session.isOpen) return;
    const { orgId, userId } = identity;
    const device = { orgId, userId, deviceId: body.device };
    if (directory.isCrowded(device, this.#options.devicesPerUser)) {
      // P-110
      session.sendNow(writeError(id, wireError('rate_limited', { retryAfterMs: crowdedRetryMs })));
      return session.close(CLOSE.overloaded, 'too many devices');
    }
    session.identity = {
      orgId,
      userId,
      deviceId: body.device,
      callWaiting: body.callWaiting ?? true,
    };
    session.holdToken(identity.expiresAt, clock);
    presence.arrive(session);

    let first: CatchUp[];
    let later: string[];
    try {
      const [found] = await Promise.all([
        this.#callsOf(session, known),
        settings.read(orgId, userId, session),
      ]);
      if (!session.isOpen) return;
      for (const facts of found.values()) calls.attend(session, facts);
      const missed: CatchUp[] = await Promise.all(
        [...found.values()].map((facts) =>
          catchUp(store, facts, userId, known.get(facts.call.id) ?? 0),
        ),
      );
      const gone = [...known.keys()].filter((callId) => !found.has(callId));
      const fitted = fit(missed);
      first = [...fitted.first, ...gone.map((callId) => ({ callId, gone: true }))];
      later = await Promise.all(fitted.later.map((call) => laterFrame(store, call)));
    } catch (thrown) {
      if (!isStoreFailure(thrown)) throw thrown;
      const error = wireError('store_unavailable', { retryAfterMs: storeRetryMs });
      session.sendNow(writeError(id, error));
      return session.close(CLOSE.overloaded, 'the store does not answer');
    }
    const answer = writeAnswer(id, 'hello', {
      session: session.id,
      userId,
      orgId,
      now: store.now(),
      beatMs: this.#options.beatMs,
      reconnectSpreadMs: this.#options.reconnectSpreadMs + this.#parts.sessions(),
      ...(identity.expiresAt !== null && { tokenExpiresAt: identity.expiresAt }),
      settings: plain(directory.settings(orgId, userId) ?? defaultSettings),
      calls: first,
    });
    session.welcome(answer, clock.monotonic() + this.#options.beatMs);
    for (const frame of later) session.send(frame);
    for (const callId of session.calls.keys()) calls.presence(orgId, callId, session.identity);
  }

  /** The identity of a token that is good, else null and the socket closed (P-305). */
  async #verify(session: Session, id: string, token: string): Promise<Identity | null> {
    let reason = 'expired';
    try {
      const identity = await this.#parts.auth.verify(token);
      const { expiresAt } = identity;
      if (expiresAt === null || expiresAt > this.#parts.clock.now()) return identity;
    } catch (thrown) {
      if (!isUnauthorized(thrown)) {
        session.sendNow(writeError(id, wireError('internal')));
        session.close(CLOSE.internal, 'identity cannot be checked');
        throw thrown;
      }
      reason = refusalReason(thrown);
    }
    // P-305: the client is not told which it was; who signs the tokens has to find out here.
    this.#parts.logger.info('a token was refused', { session: session.id, reason });
    session.sendNow(writeError(id, wireError('unauthorized')));
    session.close(CLOSE.unauthorized, 'token not accepted');
    return null;
  }

  /** P-506: the calls the client named, and the live ones in which its device takes part. */
  async #callsOf(
    session: Session,
    known: ReadonlyMap<string, number>,
  ): Promise<ReadonlyMap<string, CallFacts>> {
    const { orgId, userId, deviceId } = session.identity!;
    const { calls, store } = this.#parts;
    const now = store.now();
    const { beatMs, historyMs } = this.#options;
    const endedAfter = now - (known.size === 0 ? 2 * beatMs : historyMs);
    const found = await store.trip((real) => real.callsOf(orgId, userId, endedAfter));
    // The device may come from an instance that wrote a call of this one a moment ago, and whose hint
    // was lost. Now that it is here, nothing shows that the call was ever shared.
    for (const facts of found) calls.notice(facts);
    const wanted = found.filter((facts) => {
      if (!isParty(facts, userId)) return false;
      if (known.has(facts.call.id)) return true;
      const leg = legOfDevice(facts, userId, deviceId);
      return leg !== undefined && isLive(facts, leg);
    });
    return new Map(wanted.map((facts) => [facts.call.id, facts]));
  }
}

/** Bytes of the answer that are kept for all but what was missed: its other fields, calls that are gone. */
const answerBytes = 8_192;

/** Parts what goes with the answer from what would not fit in one frame with it (P-202). */
function fit(missed: readonly CatchUp[]): { readonly first: CatchUp[]; readonly later: CatchUp[] } {
  const first: CatchUp[] = [];
  const later: CatchUp[] = [];
  let room = LIMITS.frameBytes - answerBytes;
  for (const call of missed) {
    const bytes = Buffer.byteLength(JSON.stringify(call)) + 1;
    // That a call is gone can only be said here, and takes next to nothing.
    if (bytes > room && call.gone !== true) later.push(call);
    else {
      first.push(call);
      room -= bytes;
    }
  }
  return { first, later };
}

/**
 * The frame that follows an answer that had no room for a call. In place of a snapshot it holds the
 * newest event: the client finds the gap before it, and syncs (P-504).
 */
async function laterFrame(
  store: StoreAccess,
  { callId, events, snapshot }: CatchUp,
): Promise<string> {
  if (snapshot === undefined) return writeEvent('call.events', { callId, events: events ?? [] });
  const { orgId, seq } = snapshot.call;
  const newest = await store.trip((real) => real.eventsAfter(orgId, callId, seq - 1, 1));
  return writeEvent('call.events', { callId, events: newest as CallEvent[] });
}
