import {
  decide,
  decideSystem,
  defaultSettings,
  directRinging,
  evolve,
  hasJoined,
  isLive,
  isParty,
  legOfDevice,
  nextDeadlineAt,
  resolveDeadlines,
  seenUntil,
} from '@ringfence/call-rules';
import type {
  CallEvent,
  CallFacts,
  CallOutcome,
  Circumstances,
  Decision,
  Reach,
  UserCommand,
  UserSettings,
} from '@ringfence/call-rules';
import type { FakeClock } from '@ringfence/base/testing';
import {
  CLOSE,
  readClientFrame,
  wireError,
  writeAnswer,
  writeError,
  writeEvent,
} from '@ringfence/protocol';
import type { CatchUp, CommandName, ErrorCode, Notice, Request } from '@ringfence/protocol';
import type { MemoryAccept, MemorySocket } from '../src/testing/index.ts';

interface Device {
  readonly userId: string;
  readonly deviceId: string;
}

interface Session extends Device {
  readonly socket: MemorySocket;
}

type Command = Request & { readonly name: CommandName };

/** What the model does wrong on purpose, drawn for each occasion. */
export interface Mischief {
  /** A hint of new events is not sent. */
  losesHint(): boolean;
  /** A frame is sent twice. */
  doubles(): boolean;
  /** A command is answered with an error that may pass, and not run. */
  fails(): boolean;
}

/**
 * A server of the wire, as small as it can be: the rules, rows in maps, real frames. It stands for
 * the signaling server, which this package must not import. The token is the name of the user.
 */
export class ModelServer {
  readonly histories = new Map<string, { facts: CallFacts; readonly events: CallEvent[] }>();
  /** Runs of commands by id: a command that is run twice is a defect. */
  readonly runs = new Map<string, number>();
  readonly #answers = new Map<string, string>();
  readonly #sessions = new Map<string, Session>();
  readonly #settings = new Map<string, UserSettings>();
  readonly #clock: FakeClock;
  readonly #mischief: Mischief;
  readonly #deadlines = resolveDeadlines();
  #beats = 0;
  #stampedAt = 0;

  constructor(clock: FakeClock, mischief: Mischief) {
    this.#clock = clock;
    this.#mischief = mischief;
  }

  readonly accept: MemoryAccept = (socket) => {
    let session: Session | null = null;
    return {
      message: (text) => {
        const frame = readClientFrame(text);
        if (frame.kind !== 'request' && frame.kind !== 'notice') {
          throw new Error(`the client sent what cannot be read: ${text}`);
        }
        if (frame.kind === 'notice') this.#notice(session!, frame);
        else if (frame.name === 'hello') session = this.#hello(socket, frame);
        else this.#request(session!, frame);
      },
      binary() {},
      closed: () => {
        if (session === null || this.#sessions.get(key(session)) !== session) return;
        this.#sessions.delete(key(session));
        this.#system({ type: 'device.silent', ...deviceOf(session) });
      },
    };
  };

  /** One round of beats and deadlines. */
  tick(): void {
    this.#beats += 1;
    for (const session of this.#sessions.values()) {
      const calls = Object.fromEntries(
        [...this.histories]
          .filter(([, { facts }]) => hasLiveLeg(facts, session))
          .map(([callId, { facts }]) => [callId, facts.call.seq]),
      );
      this.#send(session, writeEvent('beat', { n: this.#beats, calls }));
    }
    this.#system({ type: 'deadline.passed' });
  }

  /** The events that a user may see: who left sees nothing of what came later. */
  seen(callId: string, userId: string): readonly CallEvent[] | null {
    const history = this.histories.get(callId);
    if (history === undefined || !isParty(history.facts, userId)) return null;
    const until = seenUntil(history.facts, userId) ?? Infinity;
    return history.events.filter(({ at }) => at <= until);
  }

  #hello(socket: MemorySocket, { id, body }: Request & { name: 'hello' }): Session {
    const session = { userId: body.token, deviceId: body.device, socket };
    const replaced = this.#sessions.get(key(session));
    this.#sessions.set(key(session), session);
    replaced?.socket.close(CLOSE.replaced, '');
    this.#system({ type: 'device.resumed', ...deviceOf(session) });
    const calls = new Map<string, CatchUp>();
    for (const [callId, seq] of Object.entries(body.known ?? {})) {
      calls.set(callId, this.#catchUp(session, callId, seq));
    }
    for (const [callId, { facts }] of this.histories) {
      if (calls.has(callId) || !hasLiveLeg(facts, session)) continue;
      calls.set(callId, { callId, snapshot: facts });
    }
    this.#send(
      session,
      writeAnswer(id, 'hello', {
        session: 's',
        userId: session.userId,
        orgId: 'acme',
        now: this.#clock.now(),
        beatMs: 2_000,
        reconnectSpreadMs: 500,
        settings: this.#settingsOf(session.userId),
        calls: [...calls.values()],
      }),
    );
    return session;
  }

  #request(session: Session, request: Request): void {
    const { id, name, body } = request;
    if (name === 'call.sync') {
      const catchUp = this.#catchUp(session, body.callId, body.afterSeq);
      this.#send(session, writeAnswer(id, name, catchUp));
    } else if (name === 'call.ice-servers') {
      this.#send(session, writeAnswer(id, name, { iceServers: [] }));
    } else if (name === 'settings.update') {
      const { userId } = session;
      const settings = { ...this.#settingsOf(userId), ...body } as UserSettings;
      this.#settings.set(userId, settings);
      for (const each of this.#sessions.values()) {
        if (each.userId !== userId || this.#mischief.losesHint()) continue;
        this.#send(each, writeEvent('settings.changed', settings));
      }
      this.#send(session, writeAnswer(id, name, settings));
    } else if (name !== 'hello' && name !== 'token.refresh') {
      this.#command(session, request as Command);
    }
  }

  #command(session: Session, request: Command): void {
    const { id } = request;
    const stored = this.#answers.get(`${session.userId} ${id}`);
    if (stored !== undefined) return this.#send(session, stored);
    if (this.#mischief.fails()) return this.#refuse(session, id, 'store_unavailable');
    const { callId, ...fields } = request.body;
    const other =
      'toCallId' in fields ? fields.toCallId : 'fromCallId' in fields && fields.fromCallId;
    const command = {
      ...fields,
      type: request.name,
      other: (other && this.histories.get(other)?.facts) || null,
    } as UserCommand;
    const facts = this.histories.get(callId)?.facts ?? null;
    const actor = { orgId: 'acme', ...deviceOf(session) };
    const decision = decide(facts, actor, command, this.#circumstances(callId, session));
    if (decision.refusal !== undefined) return this.#refuse(session, id, decision.refusal.code);
    this.runs.set(id, (this.runs.get(id) ?? 0) + 1);
    this.#commit(decision, session);
    const seq = this.histories.get(callId)?.facts.call.seq ?? 0;
    const answer = writeAnswer(id, request.name, { callId, seq, events: [...decision.events] });
    this.#answers.set(`${session.userId} ${id}`, answer);
    this.#send(session, answer);
  }

  #notice(session: Session, notice: Notice): void {
    if (notice.name === 'beat') return;
    const { callId, toLeg, ...rest } = notice.body;
    const facts = this.histories.get(callId)?.facts;
    const from = facts && legOfDevice(facts, session.userId, session.deviceId);
    const to = facts?.legs.find((leg) => leg.id === toLeg);
    const receiver = to && this.#sessions.get(key(to));
    if (!from || !receiver || !hasJoined(facts, from) || !hasJoined(facts, to)) return;
    const body = { callId, fromLeg: from.id, ...rest };
    this.#send(receiver, writeEvent(notice.name as 'signal', body as never));
  }

  #catchUp({ userId }: Session, callId: string, afterSeq: number): CatchUp {
    const events = this.seen(callId, userId);
    if (events === null) return { callId, gone: true };
    // P-833: who left is told the rest up to there, and gets no snapshot.
    const hasLeft = events.length < this.histories.get(callId)!.events.length;
    if (hasLeft && afterSeq === 0) return { callId, gone: true };
    return hasLeft || afterSeq % 2 === 0
      ? { callId, events: events.slice(afterSeq) }
      : { callId, snapshot: foldAll(callId, events) };
  }

  #system(command: Parameters<typeof decideSystem>[1]): void {
    for (const [callId, { facts }] of this.histories) {
      if (command.type === 'deadline.passed') {
        const at = nextDeadlineAt(facts);
        if (at === null || at > this.#clock.now()) continue;
      }
      const decision = decideSystem(facts, command, this.#circumstances(callId));
      if (decision.refusal === undefined) this.#commit(decision, null);
    }
  }

  /** The call that the command does not name goes out first (P-841). */
  #commit(decision: Decision & { readonly refusal?: undefined }, by: Session | null): void {
    const { facts, events, other } = decision;
    if (other) this.#write(other, null);
    if (facts) this.#write({ facts, events }, by);
  }

  /** Keeps what is new, and tells every device with a leg; but not `by`, who gets it as an answer. */
  #write({ facts, events }: CallOutcome, by: Session | null): void {
    if (events.length === 0) return;
    const callId = facts.call.id;
    const history = this.histories.get(callId) ?? { facts, events: [] };
    const before = history.facts;
    history.events.push(...events);
    history.facts = foldAll(callId, history.events);
    this.histories.set(callId, history);
    const frame = writeEvent('call.events', { callId, events: [...events] });
    for (const session of this.#sessions.values()) {
      const isTold = hasLiveLeg(before, session) || hasLiveLeg(history.facts, session);
      if (session === by || !isTold || this.#mischief.losesHint()) continue;
      this.#send(session, frame);
    }
  }

  #reach(userId: string, caller: Device | undefined): Reach {
    const deviceIds = [...this.#sessions.values()]
      .filter((session) => session.userId === userId)
      .map(({ deviceId }) => deviceId);
    const crossing = [...this.histories.values()].find(({ facts }) => {
      const ringing = directRinging(facts);
      return ringing?.fromUserId === userId && ringing.toUserId === caller?.userId;
    });
    return {
      deviceIds,
      busy: false,
      settings: this.#settingsOf(userId),
      ...(crossing && { crossing: crossing.facts }),
    };
  }

  #settingsOf(userId: string): UserSettings {
    return this.#settings.get(userId) ?? defaultSettings;
  }

  #circumstances(callId: string, caller?: Device): Circumstances {
    return {
      callId,
      now: this.#stamp(),
      deadlines: this.#deadlines,
      reach: (userId) => this.#reach(userId, caller),
    };
  }

  /** No two changes have the same time, so that what came before one left is sharply told. */
  #stamp(): number {
    this.#stampedAt = Math.max(this.#stampedAt + 1, this.#clock.now());
    return this.#stampedAt;
  }

  #refuse(session: Session, id: string, code: ErrorCode): void {
    this.#send(session, writeError(id, wireError(code)));
  }

  #send(session: Session, frame: string): void {
    session.socket.send(frame);
    if (this.#mischief.doubles()) session.socket.send(frame);
  }
}

const key = ({ userId, deviceId }: Device): string => `${userId}/${deviceId}`;
const deviceOf = ({ userId, deviceId }: Device): Device => ({ userId, deviceId });

export function foldAll(callId: string, events: readonly CallEvent[]): CallFacts {
  return events.reduce<CallFacts | null>((facts, event) => evolve(callId, facts, event), null)!;
}

function hasLiveLeg(facts: CallFacts, { userId, deviceId }: Device): boolean {
  const leg = legOfDevice(facts, userId, deviceId);
  return facts.call.state !== 'ended' && leg !== undefined && isLive(facts, leg);
}
