/*
 * The live calls of an instance.
 *
 *   1. The store is the truth. What is remembered here saves a read, and a guard on `seq` catches
 *      what is old.
 *   2. The jobs of one call run one at a time, in the order they came. No call waits for another.
 *   3. A command costs one round trip: a commit when it changes something, else a look for the
 *      answer it may have had before.
 *   4. A commit whose outcome is not known is read back, never blindly repeated.
 *   5. An entry lives while its call is live and a device of this instance has a leg in it, or a
 *      job waits.
 */
import { RingfenceError, toError } from '@ringfence/base';
import type { Logger } from '@ringfence/base';
import { decide, decideSystem, evolve, legOfDevice } from '@ringfence/call-rules';
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
import type { ErrorCode } from '@ringfence/protocol';
import type { CallEntry } from './call-entry.ts';
import type { CallJob } from './call-job.ts';
import { changeSet, DialAssumption, storedAnswer } from './change.ts';
import type { Change } from './change.ts';
import { commandDigest, mayCreate } from './command.ts';
import type { CommandRequest } from './command.ts';
import type { DialRate } from './dial-rate.ts';
import type { Directory } from './directory.ts';
import { isStoreFailure } from './failures.ts';
import type { ResolvedServerOptions } from './options.ts';
import type { Peers } from './peers.ts';
import type { CommitResult, StoredAnswer } from './ports.ts';
import type { Session } from './session.ts';
import type { StoreAccess } from './store-access.ts';

/** How often a decision is made anew when others write the same call at the same time. */
const attempts = 8;

export interface CallsParts {
  readonly store: StoreAccess;
  readonly dialRate: DialRate;
  readonly directory: Directory;
  readonly peers: Peers;
  readonly logger: Logger;
}

export class Calls {
  readonly #entries = new Map<string, CallEntry>();
  readonly #parts: CallsParts;
  readonly #options: ResolvedServerOptions;
  /** Each job once, however often it failed. */
  #retries = new Map<
    string,
    { readonly orgId: string; readonly callId: string; readonly job: CallJob }
  >();
  #working = 0;
  #whenIdle: (() => void)[] = [];

  constructor(options: ResolvedServerOptions, parts: CallsParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** How many calls are remembered now. */
  get size(): number {
    return this.#entries.size;
  }

  /** Runs a user's command and answers it on its session. */
  command(session: Session, request: CommandRequest): void {
    const { orgId, userId } = session.identity!;
    if (mayCreate(request) && !this.#entries.get(request.body.callId)?.facts) {
      const retryAfterMs = this.#parts.dialRate.take(orgId, userId);
      if (retryAfterMs > 0) {
        return session.send(writeError(request.id, wireError('rate_limited', { retryAfterMs })));
      }
    }
    const entry = this.#entry(orgId, request.body.callId);
    if (entry === undefined) session.send(writeError(request.id, wireError('call_not_found')));
    else this.#submit(entry, { kind: 'command', session, request });
  }

  /** Forgets the rates of users who dial no more. */
  purge(nowMs: number): void {
    this.#parts.dialRate.purge(nowMs);
  }

  /** Has the call say whether the device is connected. */
  presence(orgId: string, callId: string, device: { userId: string; deviceId: string }): void {
    const { userId, deviceId } = device;
    this.#enqueue(orgId, callId, { kind: 'presence', userId, deviceId });
  }

  /** Acts on a call whose deadline has passed, by facts just read. */
  deadline(facts: CallFacts): void {
    const entry = this.adopt(facts);
    // While another job runs, the next sweep is soon enough.
    if (entry !== undefined && !entry.isWorking) this.#submit(entry, { kind: 'deadline' });
  }

  /** Another instance wrote the call, up to `seq`. */
  heard(orgId: string, callId: string, seq: number): void {
    const known = this.#entries.get(callId)?.deliveredSeq ?? 0;
    if (seq > known) this.#enqueue(orgId, callId, { kind: 'pull' });
  }

  /** The call as remembered, when it is a call of the organisation and not known to be old. */
  remembered(orgId: string, callId: string): CallFacts | null {
    const entry = this.#entries.get(callId);
    return entry === undefined || entry.orgId !== orgId || entry.isStale ? null : entry.facts;
  }

  /** Remembers a call as it was just read. Undefined when the id is that of another organisation. */
  adopt(facts: CallFacts): CallEntry | undefined {
    const { id, orgId, seq } = facts.call;
    const entry = this.#entry(orgId, id);
    if (entry === undefined) return undefined;
    if (entry.facts === null) entry.deliveredSeq = seq;
    this.#learn(entry, facts);
    return entry;
  }

  /** Tries again what a failing store kept from being written. */
  retry(): void {
    if (this.#retries.size === 0) return;
    const retries = this.#retries;
    this.#retries = new Map();
    for (const { orgId, callId, job } of retries.values()) this.#enqueue(orgId, callId, job);
  }

  /** Reads the calls that other instances may have written, in case a hint was lost. */
  heal(): void {
    for (const entry of this.#entries.values()) {
      const { facts } = entry;
      if (facts === null || entry.isWorking) continue;
      const isShared = facts.legs.some(
        (leg) => leg.state !== 'lost' && !this.#parts.directory.sessionOfLeg(facts, leg),
      );
      if (isShared) this.#submit(entry, { kind: 'pull' });
    }
  }

  /** The calls in which a device of another instance has a leg. */
  *ofDevice(orgId: string, userId: string, deviceId: string): Generator<CallEntry> {
    for (const entry of this.#entries.values()) {
      if (entry.orgId === orgId && entry.facts && legOfDevice(entry.facts, userId, deviceId)) {
        yield entry;
      }
    }
  }

  /** Lets go of a call that no device of this instance has a leg in. */
  release(entry: CallEntry): void {
    if (entry.isWorking || this.#entries.get(entry.callId) !== entry) return;
    const { facts } = entry;
    const { directory } = this.#parts;
    const isNeeded =
      facts !== null &&
      facts.call.state !== 'ended' &&
      facts.legs.some((leg) => directory.sessionOfLeg(facts, leg)?.calls.has(entry.callId));
    if (!isNeeded) this.#entries.delete(entry.callId);
  }

  /** Resolves when no job runs or waits. */
  idle(): Promise<void> {
    if (this.#working === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** The entry of a call, made when there is none; undefined when the id is another organisation's. */
  #entry(orgId: string, callId: string): CallEntry | undefined {
    let entry = this.#entries.get(callId);
    if (entry === undefined) {
      entry = {
        callId,
        orgId,
        facts: null,
        deliveredSeq: 0,
        isStale: false,
        isWorking: false,
        waiting: [],
      };
      this.#entries.set(callId, entry);
    }
    return entry.orgId === orgId ? entry : undefined;
  }

  #enqueue(orgId: string, callId: string, job: CallJob): void {
    const entry = this.#entry(orgId, callId);
    if (entry !== undefined) this.#submit(entry, job);
  }

  #submit(entry: CallEntry, job: CallJob): void {
    entry.waiting.push(job);
    if (!entry.isWorking) void this.#work(entry);
  }

  /** Runs the jobs of a call until none waits. Never rejects. */
  async #work(entry: CallEntry): Promise<void> {
    entry.isWorking = true;
    this.#working += 1;
    for (let job = entry.waiting.shift(); job !== undefined; job = entry.waiting.shift()) {
      try {
        await this.#perform(entry, job);
      } catch (thrown) {
        this.#failed(entry, job, thrown);
      }
    }
    entry.isWorking = false;
    this.#working -= 1;
    this.release(entry);
    if (this.#working === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  #perform(entry: CallEntry, job: CallJob): Promise<void> {
    switch (job.kind) {
      case 'command':
        return this.#command(entry, job.session, job.request);
      case 'presence':
        return this.#presence(entry, job.userId, job.deviceId);
      case 'deadline':
        return this.#system(entry, { type: 'deadline.passed' });
      case 'pull':
        return this.#pull(entry);
    }
  }

  #failed(entry: CallEntry, job: CallJob, thrown: unknown): void {
    const isStore = isStoreFailure(thrown);
    if (!isStore || job.kind === 'pull') entry.isStale = true;
    if (!isStore) {
      const { callId } = entry;
      const error = toError(thrown).message;
      this.#parts.logger.error('a job failed', { callId, job: job.kind, error });
    }
    if (job.kind === 'command') {
      const code: ErrorCode = isStore ? 'store_unavailable' : 'internal';
      job.session.send(writeError(job.request.id, wireError(code)));
    }
    if (!isStore) return;
    if (job.kind === 'presence') this.#retryLater(entry, job);
    // What was being written may stand there, and then nobody but us knows of it.
    else if (entry.isStale) this.#retryLater(entry, { kind: 'pull' });
  }

  #retryLater({ orgId, callId }: CallEntry, job: CallJob): void {
    const device = job.kind === 'presence' ? `${job.userId}/${job.deviceId}` : '';
    this.#retries.set(`${job.kind}/${callId}/${device}`, { orgId, callId, job });
  }

  /** Brings what is remembered up to date, where that takes a read. */
  async #refresh(entry: CallEntry): Promise<void> {
    if (entry.isStale) return this.#pull(entry);
    const { orgId, callId } = entry;
    const facts = await this.#parts.store.trip((store) => store.load(orgId, callId));
    if (facts === null) return;
    entry.deliveredSeq = facts.call.seq;
    this.#learn(entry, facts);
  }

  async #command(entry: CallEntry, session: Session, request: CommandRequest): Promise<void> {
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
      if (result.facts !== null) this.#learn(entry, result.facts);
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

  async #presence(entry: CallEntry, userId: string, deviceId: string): Promise<void> {
    if (entry.isStale || entry.facts === null) await this.#refresh(entry);
    const isConnected = this.#parts.directory.isConnected({ orgId: entry.orgId, userId, deviceId });
    const type = isConnected ? 'device.resumed' : 'device.silent';
    await this.#system(entry, { type, userId, deviceId });
  }

  async #system(entry: CallEntry, command: SystemCommand): Promise<void> {
    if (entry.isStale) await this.#pull(entry);
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      if (entry.facts === null) return;
      const decision = decideSystem(entry.facts, command, this.#circumstances(entry, 0));
      if (!isChange(decision)) return;
      const result = await this.#commit(entry, decision);
      if (result === 'read-back' || result.outcome === 'answered') return;
      if (result.outcome === 'applied') return this.#changed(entry, decision, null);
      if (result.facts === null) entry.facts = null;
      else this.#learn(entry, result.facts);
    }
    throw contended();
  }

  /** One write. `read-back` when it had to be asked for whether it was done, and it was. */
  async #commit(
    entry: CallEntry,
    change: Change,
    answer?: StoredAnswer,
    guards: Parameters<typeof changeSet>[3]['guards'] = [],
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
      await this.#pull(entry);
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

  /** Takes in facts that another instance wrote. The sessions are told when they are pulled. */
  #learn(entry: CallEntry, facts: CallFacts): void {
    if (facts.call.seq > (entry.facts?.call.seq ?? 0)) entry.facts = facts;
    if (facts.call.seq <= entry.deliveredSeq) return;
    if (!entry.waiting.some((job) => job.kind === 'pull')) this.#submit(entry, { kind: 'pull' });
  }

  async #pull(entry: CallEntry): Promise<void> {
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
