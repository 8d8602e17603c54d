import { toError } from '@ringfence/base';
import type { Clock, Logger } from '@ringfence/base';
import { isLive, isParty, legOfDevice, participantOfUser } from '@ringfence/call-rules';
import type { CallFacts } from '@ringfence/call-rules';
import {
  CLOSE,
  LIMITS,
  readClientFrame,
  wireError,
  writeAnswer,
  writeError,
} from '@ringfence/protocol';
import type { AnswerBody, ErrorCode, Request } from '@ringfence/protocol';
import type { Calls } from './calls.ts';
import { catchUp } from './catch-up.ts';
import { isCommandRequest } from './command.ts';
import type { Auth, IceServers, SocketEvents } from './ports.ts';
import type { Relay } from './relay.ts';
import { isStoreFailure, isUnauthorized } from './failures.ts';
import type { Session } from './session.ts';
import type { StoreAccess } from './store-access.ts';
import type { UserSettingsAccess } from './user-settings.ts';
import type { Welcome } from './welcome.ts';

export interface ReceptionParts {
  readonly auth: Auth;
  readonly calls: Calls;
  readonly clock: Clock;
  readonly iceServers: IceServers;
  readonly logger: Logger;
  readonly relay: Relay;
  readonly settings: UserSettingsAccess;
  readonly store: StoreAccess;
  readonly welcome: Welcome;
}

/** A client names itself as it likes, and a log line has its limits. */
const userAgentLength = 128;

type RequestOf<Name extends Request['name']> = Extract<Request, { readonly name: Name }>;

/** Reads what comes from a socket and hands it to who serves it. Nothing in here throws. */
export class Reception {
  readonly #parts: ReceptionParts;

  constructor(parts: ReceptionParts) {
    this.#parts = parts;
  }

  events(session: Session): SocketEvents {
    return {
      message: (text) => {
        if (!session.isOpen) return;
        try {
          this.#message(session, text);
        } catch (thrown) {
          // P-113
          this.#parts.logger.error('a frame broke the server', {
            session: session.id,
            error: toError(thrown).message,
          });
          session.close(CLOSE.internal, 'something broke');
        }
      },
      control: () => {
        if (!session.admitControl(this.#parts.clock.monotonic())) {
          this.#refuse(session, CLOSE.flood, 'too many frames');
        }
      },
      binary: () => this.#refuse(session, CLOSE.unsupportedData, 'frames are text'),
      closed: (code) => session.closed(code),
    };
  }

  #refuse(session: Session, code: number, reason: string): void {
    if (!session.isOpen) return;
    const { address, userAgent } = session.info;
    this.#parts.logger.warn('a client broke the protocol', {
      session: session.id,
      code,
      address,
      userAgent: userAgent?.slice(0, userAgentLength),
    });
    session.close(code, reason);
  }

  #message(session: Session, text: string): void {
    if (!session.admit(text.length, this.#parts.clock.monotonic())) {
      return this.#refuse(session, CLOSE.flood, 'too many frames');
    }
    if (isTooLarge(text)) return this.#refuse(session, CLOSE.tooLarge, 'frame too large');
    const frame = readClientFrame(text);
    if (frame.kind === 'unreadable') {
      return this.#refuse(session, CLOSE.invalidFrame, 'unreadable frame');
    }
    const isReady = session.phase.name === 'ready';
    // P-302: a request that is wrong in its fields is answered even before hello.
    if (frame.kind === 'refused' && (isReady || frame.error.code !== 'unknown_request')) {
      return session.send(writeError(frame.id, frame.error));
    }
    const isHello = frame.kind === 'request' && frame.name === 'hello';
    if (isHello ? session.phase.name !== 'waiting' : !isReady) {
      return this.#refuse(session, CLOSE.outOfOrder, isHello ? 'hello came twice' : 'no hello yet');
    }
    if (frame.kind === 'request') return this.#request(session, frame);
    if (frame.kind === 'refused') return;
    if (frame.name === 'signal') this.#parts.relay.signal(session, frame.body);
    else if (frame.name === 'signal.ack') this.#parts.relay.acknowledge(session, frame.body);
    // An answered beat counts by having come.
  }

  #request(session: Session, request: Request): void {
    if (isCommandRequest(request)) return this.#parts.calls.command(session, request);
    switch (request.name) {
      case 'hello':
        return this.#serve(session, request.id, this.#parts.welcome.hello(session, request));
      case 'token.refresh':
        return this.#serve(session, request.id, this.#refresh(session, request));
      case 'call.sync':
        return this.#serve(session, request.id, this.#sync(session, request));
      case 'call.ice-servers':
        return this.#serve(session, request.id, this.#iceServers(session, request));
      case 'settings.update':
        return this.#serve(session, request.id, this.#settings(session, request));
    }
  }

  /** Sees to it that a request is answered when serving it throws. */
  #serve(session: Session, id: string, work: Promise<void>): void {
    work.catch((thrown: unknown) => {
      const code: ErrorCode = isStoreFailure(thrown) ? 'store_unavailable' : 'internal';
      if (code === 'internal') {
        const error = toError(thrown).message;
        this.#parts.logger.error('a request failed', { session: session.id, error });
      }
      session.sendNow(writeError(id, wireError(code)));
      // P-113: nothing more would come of a session whose hello broke.
      if (session.phase.name === 'welcoming') session.close(CLOSE.internal, 'something broke');
    });
  }

  /** P-306 */
  async #refresh(session: Session, { id, body }: RequestOf<'token.refresh'>): Promise<void> {
    const { orgId, userId } = session.identity!;
    try {
      const fresh = await this.#parts.auth.verify(body.token);
      if (fresh.orgId === orgId && fresh.userId === userId) {
        session.holdToken(fresh.expiresAt, this.#parts.clock);
        const ok = fresh.expiresAt === null ? {} : { tokenExpiresAt: fresh.expiresAt };
        return session.send(writeAnswer(id, 'token.refresh', ok));
      }
    } catch (thrown) {
      if (!isUnauthorized(thrown)) throw thrown;
    }
    session.send(writeError(id, wireError('unauthorized')));
    session.close(CLOSE.unauthorized, 'token not accepted');
  }

  async #sync(session: Session, { id, body }: RequestOf<'call.sync'>): Promise<void> {
    const { callId, afterSeq } = body;
    const facts = await this.#find(session, callId, afterSeq);
    const { userId } = session.identity!;
    const answer: AnswerBody<'call.sync'> =
      facts === null
        ? { callId, gone: true }
        : await catchUp(this.#parts.store, facts, userId, afterSeq);
    session.send(writeAnswer(id, 'call.sync', answer));
  }

  /** Only for a device that takes part in the call: the grant lets whoever has it send through TURN. */
  async #iceServers(session: Session, { id, body }: RequestOf<'call.ice-servers'>): Promise<void> {
    const { callId } = body;
    const { orgId, userId, deviceId } = session.identity!;
    const facts = await this.#find(session, callId);
    if (facts === null) return session.send(writeError(id, wireError('call_not_found')));
    const leg = legOfDevice(facts, userId, deviceId);
    if (leg === undefined || !isLive(facts, leg)) {
      const isOver = participantOfUser(facts, userId)!.state === 'left';
      return session.send(writeError(id, wireError(isOver ? 'call_ended' : 'wrong_state')));
    }
    const grant = await this.#parts.iceServers({ orgId, userId, callId });
    session.send(writeAnswer(id, 'call.ice-servers', grant));
  }

  async #settings(session: Session, { id, body }: RequestOf<'settings.update'>): Promise<void> {
    const outcome = await this.#parts.settings.update(session, body);
    const frame =
      'refusal' in outcome
        ? writeError(id, wireError(outcome.refusal))
        : writeAnswer(id, 'settings.update', outcome.settings);
    session.send(frame);
  }

  /**
   * A call the session's user is party to (P-411), at least as far on as `leastSeq`. No round trip
   * where what is remembered will do: another instance may have written since.
   */
  async #find(session: Session, callId: string, leastSeq = 0): Promise<CallFacts | null> {
    const { calls, store } = this.#parts;
    const { orgId, userId } = session.identity!;
    const known = calls.remembered(orgId, callId);
    if (known !== null && known.call.seq >= leastSeq && isParty(known, userId)) return known;
    const facts = await store.trip((real) => real.load(orgId, callId));
    return facts !== null && isParty(facts, userId) ? facts : null;
  }
}

/** P-202. A UTF-16 unit takes at most three bytes, so most frames need no count. */
function isTooLarge(text: string): boolean {
  if (text.length > LIMITS.frameBytes) return true;
  return text.length * 3 > LIMITS.frameBytes && Buffer.byteLength(text) > LIMITS.frameBytes;
}
