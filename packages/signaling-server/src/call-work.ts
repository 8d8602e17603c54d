/*
 * What is done about one call: decided by the rules, written in one trip, told to its sessions.
 * The invariants are those of calls.ts, which sees to it that the jobs of a call run one at a time.
 */
import { RingfenceError } from '@ringfence/base';
import { decide, decideSystem } from '@ringfence/call-rules';
import type {
  CallEvent,
  CallFacts,
  Circumstances,
  Decision,
  SystemCommand,
} from '@ringfence/call-rules';
import { wireError, writeAnswer, writeChange, writeError } from '@ringfence/protocol';
import { Assumptions } from './assumptions.ts';
import type { AssumptionParts } from './assumptions.ts';
import { CallDelivery } from './call-delivery.ts';
import type { CallBook, CallEntry } from './call-entry.ts';
import { changeSet, isChange, storedAnswer } from './change.ts';
import type { Change } from './change.ts';
import { commandDigest, mayCreate, otherCallId, userCommand } from './command.ts';
import type { CommandRequest } from './command.ts';
import type { Directory } from './directory.ts';
import type { ResolvedServerOptions } from './options.ts';
import type { Peers } from './peers.ts';
import type { CommitResult, StoredAnswer } from './ports.ts';
import type { Session, SessionIdentity } from './session.ts';
import type { StoreAccess } from './store-access.ts';
import type { UserSettingsAccess } from './user-settings.ts';

/**
 * How often a decision is made anew when others write the same call at the same time. A chain of
 * forwards may take a dozen rounds by itself, until all is known of everyone in it.
 */
const attempts = 24;

export interface CallWorkParts {
  readonly store: StoreAccess;
  readonly directory: Directory;
  readonly peers: Peers;
  readonly settings: UserSettingsAccess;
}

/** Does the jobs of calls. Each rejects when the store fails it. */
export class CallWork {
  readonly delivery: CallDelivery;
  readonly #parts: CallWorkParts;
  readonly #options: ResolvedServerOptions;
  readonly #book: CallBook;
  readonly #assumed: AssumptionParts;

  constructor(options: ResolvedServerOptions, parts: CallWorkParts, book: CallBook) {
    this.#options = options;
    this.#parts = parts;
    this.#book = book;
    this.#assumed = { callsPerUser: options.callsPerUser, directory: parts.directory };
    this.delivery = new CallDelivery({ ...parts, book });
  }

  /** Runs a user's command and answers it on its session. */
  async command(entry: CallEntry, session: Session, request: CommandRequest): Promise<void> {
    const actor = session.identity!;
    const { callId } = entry;
    if (entry.isStale || (entry.facts === null && !mayCreate(request))) {
      await this.delivery.refresh(entry);
    }
    let other = await this.#other(actor, request);
    const assumptions = new Assumptions(actor, this.#assumed);
    let notBefore = 0;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const circumstances = this.#circumstances(entry, assumptions, notBefore);
      const decision = decide(entry.facts, actor, userCommand(request, other), circumstances);
      if (!isChange(decision)) {
        if (await this.#isMistaken(assumptions, entry.orgId, decision)) continue;
        return this.#answerUnchanged(entry, session, request, decision);
      }
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
      const result = await this.#commit(entry, decision, assumptions, answer);
      if (result === 'read-back') return session.send(text);
      if (result.outcome === 'applied') {
        return this.#applied(entry, decision, { session, answer: text, event });
      }
      if (result.outcome === 'answered') {
        return this.#repeat(entry, session, request, result.answer);
      }
      const { guard } = result;
      if (guard.guard === 'call.absent' && result.facts === null) {
        return session.send(writeError(request.id, wireError('call_not_found')));
      }
      this.#conflicted(entry, assumptions, result);
      if (guard.guard === 'time.before') notBefore = guard.at;
      if (guard.guard === 'call.seq' && guard.callId === other?.call.id) {
        other = result.facts;
      }
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
    // What another instance wrote, and this answer rests on, is told first: who answered, for one.
    if ((entry.facts?.call.seq ?? 0) > entry.deliveredSeq) await this.delivery.pull(entry);
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
    if (isSame && entry.facts === null) this.#book.submit(entry, { kind: 'pull' });
  }

  /** Writes down whether the device is connected, as it is now. */
  async presence(entry: CallEntry, userId: string, deviceId: string): Promise<void> {
    if (entry.isStale || entry.facts === null) await this.delivery.refresh(entry);
    const isConnected = this.#parts.directory.isConnected({ orgId: entry.orgId, userId, deviceId });
    const type = isConnected ? 'device.resumed' : 'device.silent';
    await this.system(entry, { type, userId, deviceId });
  }

  /** Has the rules act by themselves. */
  async system(entry: CallEntry, command: SystemCommand): Promise<void> {
    if (entry.isStale) await this.delivery.pull(entry);
    const assumptions = new Assumptions({ orgId: entry.orgId, userId: null }, this.#assumed);
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      if (entry.facts === null) return;
      const circumstances = this.#circumstances(entry, assumptions, 0);
      const decision = decideSystem(entry.facts, command, circumstances);
      if (!isChange(decision)) return;
      const result = await this.#commit(entry, decision, assumptions);
      if (result === 'read-back' || result.outcome === 'answered') return;
      if (result.outcome === 'applied') return this.#applied(entry, decision);
      this.#conflicted(entry, assumptions, result);
    }
    throw contended();
  }

  /** The second call that a command names. */
  async #other({ orgId }: SessionIdentity, request: CommandRequest): Promise<CallFacts | null> {
    const callId = otherCallId(request);
    if (callId === undefined) return null;
    return (
      this.#book.remembered(orgId, callId) ??
      this.#parts.store.trip((store) => store.load(orgId, callId))
    );
  }

  /** One write. `read-back` when it had to be asked for whether it was done, and it was. */
  async #commit(
    entry: CallEntry,
    change: Change,
    assumptions: Assumptions,
    answer?: StoredAnswer,
  ): Promise<CommitResult | 'read-back'> {
    const { store, peers } = this.#parts;
    const set = changeSet(change, { assumptions, outbox: peers.outbox(change), answer });
    try {
      const result = await store.trip((real) => real.commit(set));
      if (result.outcome === 'applied') peers.publish(set);
      return result;
    } catch (thrown) {
      entry.isStale = true;
      this.#suspectOther(entry, change);
      if (answer === undefined) throw thrown;
      const { orgId, userId, commandId } = answer;
      const written = await store.trip((real) => real.answerOf(orgId, userId, commandId));
      if (written === null) throw thrown;
      await this.delivery.pull(entry);
      peers.publish(set);
      return 'read-back';
    }
  }

  /** Nobody knows whether the second call was written: it is read again. */
  #suspectOther({ orgId }: CallEntry, { other }: Change): void {
    const entry = other && this.#book.entry(orgId, other.facts.call.id);
    if (entry === undefined) return;
    entry.isStale = true;
    this.#book.submit(entry, { kind: 'pull' });
  }

  /**
   * Takes in a change of our own: tells who has a part in it, and answers who asked. The second
   * call comes first (P-841): whoever hears that a call goes on as another has heard of that one, or
   * of the end of their own.
   */
  #applied(
    entry: CallEntry,
    change: Change,
    asked?: { readonly session: Session; readonly answer: string; readonly event: string },
  ): void {
    const { other } = change;
    const second = other && this.#book.entry(entry.orgId, other.facts.call.id);
    if (second !== undefined) {
      this.delivery.changed(second, other!, null);
      this.#book.release(second);
    }
    asked?.session.send(asked.answer);
    this.delivery.changed(entry, change, asked?.session ?? null, asked?.event);
  }

  /** Takes in what a guard met. */
  #conflicted(
    entry: CallEntry,
    assumptions: Assumptions,
    result: Extract<CommitResult, { readonly outcome: 'conflict' }>,
  ): void {
    const { guard, facts, settings } = result;
    assumptions.disprove(result);
    if (guard.guard === 'user.settings' && settings !== null) {
      this.#parts.settings.learn(guard.orgId, guard.userId, settings);
    }
    if (guard.guard !== 'call.absent' && guard.guard !== 'call.seq') return;
    if (guard.callId !== entry.callId) {
      if (facts !== null && this.#book.remembered(entry.orgId, guard.callId) !== null) {
        this.delivery.learn(this.#book.entry(entry.orgId, guard.callId)!, facts);
      }
    } else if (facts !== null) this.delivery.learn(entry, facts);
    else entry.facts = null;
  }

  /**
   * A refusal is not written, so no guard proves what it rests on. True when the store says
   * otherwise of somebody's settings: then the rules decide anew.
   */
  async #isMistaken(
    assumptions: Assumptions,
    orgId: string,
    { refusal }: Decision,
  ): Promise<boolean> {
    if (refusal?.code !== 'callee_unavailable') return false;
    let isMistaken = false;
    for (const userId of assumptions.unproven) {
      const settings = await this.#parts.settings.read(orgId, userId);
      if (assumptions.prove(userId, settings)) isMistaken = true;
    }
    return isMistaken;
  }

  #circumstances(entry: CallEntry, { reach }: Assumptions, notBefore: number): Circumstances {
    const now = Math.max(this.#parts.store.now(), notBefore);
    return { callId: entry.callId, now, deadlines: this.#options.deadlines, reach };
  }
}

function contended(): RingfenceError {
  return new RingfenceError(
    'store_unavailable',
    'unable to write the call; others write it all the time',
    { fault: 'server', retryable: true, hint: 'Try again.' },
  );
}
