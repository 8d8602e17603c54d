/*
 * What is done about one call: decided by the rules, written in one trip, told to its sessions.
 * The invariants are those of calls.ts, which sees to it that the jobs of a call run one at a time.
 */
import { RingfenceError } from '@ringfence/base';
import { decide, decideSystem, evolve } from '@ringfence/call-rules';
import type {
  CallEvent,
  CallFacts,
  Circumstances,
  Decision,
  SystemCommand,
} from '@ringfence/call-rules';
import {
  LIMITS,
  wireError,
  writeAnswer,
  writeChange,
  writeError,
  writeEvent,
} from '@ringfence/protocol';
import type { CallEntry } from './call-entry.ts';
import { changeSet, DialAssumption, storedAnswer } from './change.ts';
import type { Change } from './change.ts';
import { commandDigest, mayCreate } from './command.ts';
import type { CommandRequest } from './command.ts';
import type { Directory } from './directory.ts';
import type { ResolvedServerOptions } from './options.ts';
import type { Peers } from './peers.ts';
import type { CommitResult, Guard, StoredAnswer } from './ports.ts';
import type { Session } from './session.ts';
import type { StoreAccess } from './store-access.ts';

/** How often a decision is made anew when others write the same call at the same time. */
const attempts = 8;

export interface CallWorkParts {
  readonly store: StoreAccess;
  readonly directory: Directory;
  readonly peers: Peers;
}

/** Does the jobs of calls. Each rejects when the store fails it. */
export class CallWork {
  readonly #parts: CallWorkParts;
  readonly #options: ResolvedServerOptions;

  constructor(options: ResolvedServerOptions, parts: CallWorkParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** Brings what is remembered up to date, where that takes a read. */
  async #refresh(entry: CallEntry): Promise<void> {
    if (entry.isStale) return this.pull(entry);
    const { orgId, callId } = entry;
    const facts = await this.#parts.store.trip((store) => store.load(orgId, callId));
    if (facts === null) return;
    entry.deliveredSeq = facts.call.seq;
    this.learn(entry, facts);
  }

  /** Runs a user's command and answers it on its session. */
  async command(entry: CallEntry, session: Session, request: CommandRequest): Promise<void> {
    const actor = session.identity!;
    const { callId } = entry;
    if (entry.isStale || (entry.facts === null && !mayCreate(request))) await this.#refresh(entry);
    const dial = new DialAssumption(actor, request, this.#parts.directory);
    let notBefore = 0;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const circumstances = this.#circumstances(entry, notBefore);
      const decision = decide(entry.facts, actor, dial.command(request), circumstances);
      if (!isChange(decision)) return this.#answerUnchanged(entry, session, request, decision);
      const { events, facts } = decision;
      const { answer: text, event } = writeChange(request.id, {
        callId,
        seq: facts.call.seq,
        events: events as CallEvent[],
      });
      const keepUntil = Math.max(
        circumstances.now + this.#options.answerMs,
        facts.call.maximumDeadlineAt ?? 0,
      );
      const answer = storedAnswer(actor, request, text, keepUntil);
      const guards = entry.facts === null ? dial.guards : [];
      const result = await this.#commit(entry, decision, answer, guards);
      if (result === 'read-back') return session.send(text);
      if (result.outcome === 'applied') {
        session.send(text);
        return this.#changed(entry, decision, session, event);
      }
      if (result.outcome === 'answered')
        return this.#repeat(entry, session, request, result.answer);
      const { guard } = result;
      dial.disprove(guard);
      if (guard.guard === 'time.before') notBefore = guard.at;
      if (guard.guard !== 'call.absent' && guard.guard !== 'call.seq') continue;
      if (result.facts !== null) this.learn(entry, result.facts);
      else if (guard.guard === 'call.seq') entry.facts = null;
      else return session.send(writeError(request.id, wireError('call_not_found')));
    }
    throw contended();
  }

  /** Answers a command that changes nothing now, or did already when it first came. */
  async #answerUnchanged(
    entry: CallEntry,
    session: Session,
    request: CommandRequest,
    decision: Decision,
  ): Promise<void> {
    const { orgId, userId } = session.identity!;
    const before = await this.#parts.store.trip((store) =>
      store.answerOf(orgId, userId, request.id),
    );
    if (before !== null) return this.#repeat(entry, session, request, before);
    if (decision.refusal !== undefined) {
      const { code, ...details } = decision.refusal;
      session.send(writeError(request.id, wireError(code, { details })));
    } else {
      const seq = decision.facts?.call.seq ?? 0;
      session.send(
        writeAnswer(request.id, request.name, { callId: entry.callId, seq, events: [] }),
      );
    }
  }

  /** P-405, P-406: the answer a command had before. */
  #repeat(entry: CallEntry, session: Session, request: CommandRequest, before: StoredAnswer): void {
    const isSame = before.requestHash === commandDigest(request);
    session.send(isSame ? before.answer : writeError(request.id, wireError('command_reused')));
    if (isSame && entry.facts === null) entry.waiting.push({ kind: 'pull' });
  }

  /** Writes down whether the device is connected, as it is now. */
  async presence(entry: CallEntry, userId: string, deviceId: string): Promise<void> {
    if (entry.isStale || entry.facts === null) await this.#refresh(entry);
    const isConnected = this.#parts.directory.isConnected({ orgId: entry.orgId, userId, deviceId });
    const type = isConnected ? 'device.resumed' : 'device.silent';
    await this.system(entry, { type, userId, deviceId });
  }

  /** Has the rules act by themselves. */
  async system(entry: CallEntry, command: SystemCommand): Promise<void> {
    if (entry.isStale) await this.pull(entry);
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      if (entry.facts === null) return;
      const decision = decideSystem(entry.facts, command, this.#circumstances(entry, 0));
      if (!isChange(decision)) return;
      const result = await this.#commit(entry, decision);
      if (result === 'read-back' || result.outcome === 'answered') return;
      if (result.outcome === 'applied') return this.#changed(entry, decision, null);
      if (result.facts === null) entry.facts = null;
      else this.learn(entry, result.facts);
    }
    throw contended();
  }

  /** One write. `read-back` when it had to be asked for whether it was done, and it was. */
  async #commit(
    entry: CallEntry,
    change: Change,
    answer?: StoredAnswer,
    guards: readonly Guard[] = [],
  ): Promise<CommitResult | 'read-back'> {
    const { store, peers } = this.#parts;
    const outbox = peers.outbox(change.facts);
    const parts = { guards, outbox, ...(answer && { answer }) };
    const set = changeSet(entry.callId, entry.facts, change, parts);
    try {
      const result = await store.trip((real) => real.commit(set));
      if (result.outcome === 'applied') peers.publish(set);
      return result;
    } catch (thrown) {
      entry.isStale = true;
      if (answer === undefined) throw thrown;
      const { orgId, userId, commandId } = answer;
      const written = await store.trip((real) => real.answerOf(orgId, userId, commandId));
      if (written === null) throw thrown;
      await this.pull(entry);
      peers.publish(set);
      return 'read-back';
    }
  }

  /** Takes in a change of our own and tells the sessions, save the one that is answered. */
  #changed(
    entry: CallEntry,
    { facts, events }: Change,
    except: Session | null,
    text?: string,
  ): void {
    if (facts.call.seq > (entry.facts?.call.seq ?? 0)) entry.facts = facts;
    this.#deliver(entry, events, except, text);
  }

  /** Takes in facts that another instance wrote. The sessions are told by a `pull`, which waits then. */
  learn(entry: CallEntry, facts: CallFacts): void {
    if (facts.call.seq > (entry.facts?.call.seq ?? 0)) entry.facts = facts;
    if (facts.call.seq <= entry.deliveredSeq) return;
    if (!entry.waiting.some((job) => job.kind === 'pull')) entry.waiting.push({ kind: 'pull' });
  }

  /** Reads what was written since the sessions were told last, and tells them. */
  async pull(entry: CallEntry): Promise<void> {
    const { orgId, callId } = entry;
    const limit = LIMITS.catchUpEvents;
    for (;;) {
      const from = entry.deliveredSeq;
      const events = await this.#parts.store.trip((store) =>
        store.eventsAfter(orgId, callId, from, limit),
      );
      const before = (events[0]?.seq ?? 0) - 1;
      if (before > from) {
        // The store keeps only the newest lines. The facts hold the rest; clients see the gap.
        if (before > (entry.facts?.call.seq ?? 0)) {
          entry.facts = await this.#parts.store.trip((store) => store.load(orgId, callId));
        }
        entry.deliveredSeq = Math.max(entry.deliveredSeq, before);
      }
      for (const event of events) {
        if (event.seq > (entry.facts?.call.seq ?? 0))
          entry.facts = evolve(callId, entry.facts, event);
      }
      if (events.length > 0) this.#deliver(entry, events, null);
      if (events.length < limit) break;
    }
    entry.isStale = false;
  }

  /** P-503: sends events to every session of this instance whose device has a leg they concern. */
  #deliver(
    entry: CallEntry,
    events: readonly CallEvent[],
    except: Session | null,
    written?: string,
  ): void {
    const { callId } = entry;
    const facts = entry.facts!;
    if (events[0]!.seq > entry.deliveredSeq + 1) {
      // Others wrote in between: everything since is sent in order, and the client drops doubles.
      entry.waiting.push({ kind: 'pull' });
    } else {
      entry.deliveredSeq = Math.max(entry.deliveredSeq, events.at(-1)!.seq);
    }
    let text = written;
    for (const leg of facts.legs) {
      const session = this.#parts.directory.sessionOfLeg(facts, leg);
      if (session === undefined) continue;
      const isLost = leg.state === 'lost';
      if (isLost || facts.call.state === 'ended') session.calls.delete(callId);
      else session.calls.set(callId, entry);
      if (session === except || (isLost && !isLostIn(events, leg.id))) continue;
      text ??= writeEvent('call.events', { callId, events: events as CallEvent[] });
      session.send(text);
    }
  }

  #circumstances(entry: CallEntry, notBefore: number): Circumstances {
    const now = Math.max(this.#parts.store.now(), notBefore);
    return { callId: entry.callId, now, deadlines: this.#options.deadlines };
  }
}

function isChange(decision: Decision): decision is Change {
  return decision.refusal === undefined && decision.events.length > 0;
}

function isLostIn(events: readonly CallEvent[], legId: string): boolean {
  return events.some((event) => event.type === 'leg.lost' && event.legId === legId);
}

function contended(): RingfenceError {
  return new RingfenceError(
    'store_unavailable',
    'unable to write the call; others write it all the time',
    { fault: 'server', retryable: true, hint: 'Try again.' },
  );
}
