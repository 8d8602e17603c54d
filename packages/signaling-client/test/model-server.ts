import {
  decide,
  decideSystem,
  evolve,
  nextDeadlineAt,
  resolveDeadlines,
} from '@ringfence/call-rules';
import type { CallEvent, CallFacts, Decision, UserCommand } from '@ringfence/call-rules';
import type { FakeClock } from '@ringfence/base/testing';
import {
  CLOSE,
  readClientFrame,
  wireError,
  writeAnswer,
  writeError,
  writeEvent,
} from '@ringfence/protocol';
import type { CatchUp, ErrorCode, Notice, Request } from '@ringfence/protocol';
import type { MemoryAccept, MemorySocket } from '../src/testing/index.ts';

interface Device {
  readonly userId: string;
  readonly deviceId: string;
}

interface Session extends Device {
  readonly socket: MemorySocket;
}

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
  readonly #clock: FakeClock;
  readonly #mischief: Mischief;
  readonly #deadlines = resolveDeadlines();
  #beats = 0;

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
          .filter(([, { facts }]) => facts.call.state !== 'ended' && hasLeg(facts, session))
          .map(([callId, { facts }]) => [callId, facts.call.seq]),
      );
      this.#send(session, writeEvent('beat', { n: this.#beats, calls }));
    }
    this.#system({ type: 'deadline.passed' });
  }

  #hello(socket: MemorySocket, { id, body }: Request & { name: 'hello' }): Session {
    const session = { userId: body.token, deviceId: body.device, socket };
    const replaced = this.#sessions.get(key(session));
    this.#sessions.set(key(session), session);
    replaced?.socket.close(CLOSE.replaced, '');
    this.#system({ type: 'device.resumed', ...deviceOf(session) });
    const calls = new Map<string, CatchUp>();
    for (const [callId, seq] of Object.entries(body.known ?? {})) {
      calls.set(callId, this.#catchUp(callId, seq));
    }
    for (const [callId, { facts }] of this.histories) {
      if (facts.call.state === 'ended' || calls.has(callId) || !hasLeg(facts, session)) continue;
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
        calls: [...calls.values()],
      }),
    );
    return session;
  }

  #request(session: Session, request: Request): void {
    const { id } = request;
    if (request.name === 'call.sync') {
      const { callId, afterSeq } = request.body;
      return this.#send(session, writeAnswer(id, 'call.sync', this.#catchUp(callId, afterSeq)));
    }
    if (request.name === 'call.ice-servers') {
      return this.#send(session, writeAnswer(id, 'call.ice-servers', { iceServers: [] }));
    }
    if (request.name === 'hello' || request.name === 'token.refresh') return;
    const stored = this.#answers.get(`${session.userId} ${id}`);
    if (stored !== undefined) return this.#send(session, stored);
    if (this.#mischief.fails()) return this.#refuse(session, id, 'store_unavailable');
    const { callId, ...fields } = request.body;
    const command = { ...fields, type: request.name } as UserCommand;
    if (command.type === 'call.dial') Object.assign(command, { reach: this.#reach(command.to) });
    const facts = this.histories.get(callId)?.facts ?? null;
    const actor = { orgId: 'acme', ...deviceOf(session) };
    const decision = decide(facts, actor, command, this.#circumstances(callId));
    if (decision.refusal !== undefined) return this.#refuse(session, id, decision.refusal.code);
    this.runs.set(id, (this.runs.get(id) ?? 0) + 1);
    this.#commit(callId, facts, decision, session);
    const seq = this.histories.get(callId)?.facts.call.seq ?? 0;
    const answer = writeAnswer(id, request.name, { callId, seq, events: [...decision.events] });
    this.#answers.set(`${session.userId} ${id}`, answer);
    this.#send(session, answer);
  }

  #notice(session: Session, notice: Notice): void {
    if (notice.name === 'beat') return;
    const { callId, toLeg, ...rest } = notice.body;
    const legs = this.histories.get(callId)?.facts.legs ?? [];
    const from = legs.find((leg) => key(leg) === key(session));
    const to = legs.find((leg) => leg.id === toLeg);
    const receiver = to && this.#sessions.get(key(to));
    if (from?.state !== 'won' || to?.state !== 'won' || receiver === undefined) return;
    const body = { callId, fromLeg: from.id, ...rest };
    this.#send(receiver, writeEvent(notice.name as 'signal', body as never));
  }

  #catchUp(callId: string, afterSeq: number): CatchUp {
    const history = this.histories.get(callId);
    if (history === undefined) return { callId, gone: true };
    return afterSeq % 2 === 0
      ? { callId, events: history.events.slice(afterSeq) }
      : { callId, snapshot: history.facts };
  }

  #system(command: Parameters<typeof decideSystem>[1]): void {
    for (const [callId, { facts }] of this.histories) {
      if (command.type === 'deadline.passed') {
        const at = nextDeadlineAt(facts);
        if (at === null || at > this.#clock.now()) continue;
      }
      const decision = decideSystem(facts, command, this.#circumstances(callId));
      if (decision.refusal === undefined) this.#commit(callId, facts, decision, null);
    }
  }

  #commit(
    callId: string,
    before: CallFacts | null,
    decision: Decision & { readonly refusal?: undefined },
    by: Session | null,
  ): void {
    if (decision.events.length === 0) return;
    const history = this.histories.get(callId) ?? { facts: decision.facts!, events: [] };
    history.events.push(...decision.events);
    history.facts = history.events.reduce<CallFacts | null>(
      (facts, event) => evolve(callId, facts, event),
      null,
    )!;
    this.histories.set(callId, history);
    const frame = writeEvent('call.events', { callId, events: [...decision.events] });
    const told = new Set([...(before?.legs ?? []), ...history.facts.legs].map(key));
    for (const session of this.#sessions.values()) {
      if (session === by || !told.has(key(session)) || this.#mischief.losesHint()) continue;
      this.#send(session, frame);
    }
  }

  #reach(to: string) {
    const deviceIds = [...this.#sessions.values()]
      .filter(({ userId }) => `user:${userId}` === to)
      .map(({ deviceId }) => deviceId);
    return { deviceIds, busy: false, callerBusy: false };
  }

  #circumstances(callId: string) {
    return { callId, now: this.#clock.now(), deadlines: this.#deadlines };
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
const hasLeg = (facts: CallFacts, device: Device): boolean =>
  facts.legs.some((leg) => key(leg) === key(device) && leg.state !== 'lost');
