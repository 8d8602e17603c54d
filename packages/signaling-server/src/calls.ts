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
import { toError } from '@ringfence/base';
import type { Logger } from '@ringfence/base';
import { isLive, legOfDevice, nextDeadlineAt } from '@ringfence/call-rules';
import type { CallFacts } from '@ringfence/call-rules';
import { wireError, writeError } from '@ringfence/protocol';
import type { ErrorCode } from '@ringfence/protocol';
import type { CallBook, CallEntry } from './call-entry.ts';
import type { CallJob } from './call-job.ts';
import { CallWork } from './call-work.ts';
import type { CallWorkParts } from './call-work.ts';
import { bringsIn, mayCreate } from './command.ts';
import type { CommandRequest } from './command.ts';
import type { DialRate } from './dial-rate.ts';
import { isStoreFailure } from './failures.ts';
import type { ResolvedServerOptions } from './options.ts';
import type { Session } from './session.ts';

export interface CallsParts extends CallWorkParts {
  readonly dialRate: DialRate;
  readonly logger: Logger;
}

/** The most commands of one session that wait for a call: more come while a store hardly answers. */
const mostWaiting = 100;
const crowdedRetryMs = 1_000;
/** Every so many heals all calls are read. */
const thoroughHeals = 4;

/** The calls this instance remembers, and the jobs that wait for each. */
export class Calls implements CallBook {
  readonly #entries = new Map<string, CallEntry>();
  readonly #parts: CallsParts;
  readonly #work: CallWork;
  /** Each job once, however often it failed. */
  #retries = new Map<
    string,
    { readonly orgId: string; readonly callId: string; readonly job: CallJob }
  >();
  #heals = 0;
  #working = 0;
  #whenIdle: (() => void)[] = [];

  constructor(options: ResolvedServerOptions, parts: CallsParts) {
    this.#parts = parts;
    this.#work = new CallWork(options, parts, this);
  }

  /** How many calls are remembered now. */
  get size(): number {
    return this.#entries.size;
  }

  /** Runs a user's command and answers it on its session. */
  command(session: Session, request: CommandRequest): void {
    const { orgId, userId } = session.identity!;
    const isNew = mayCreate(request) && !this.#entries.get(request.body.callId)?.facts;
    if (isNew || bringsIn(request)) {
      const retryAfterMs = this.#parts.dialRate.take(orgId, userId);
      if (retryAfterMs > 0) {
        return session.send(writeError(request.id, wireError('rate_limited', { retryAfterMs })));
      }
    }
    const entry = this.entry(orgId, request.body.callId);
    if (entry === undefined) session.send(writeError(request.id, wireError('call_not_found')));
    else if (isCrowded(entry, session)) {
      const retryAfterMs = crowdedRetryMs;
      session.send(writeError(request.id, wireError('rate_limited', { retryAfterMs })));
    } else this.submit(entry, { kind: 'command', session, request });
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
    if (entry !== undefined && !entry.isWorking) this.submit(entry, { kind: 'deadline' });
  }

  /** Another instance wrote the call, up to `seq`. */
  heard(orgId: string, callId: string, seq: number): void {
    const known = this.#entries.get(callId)?.deliveredSeq ?? 0;
    if (seq > known) this.#enqueue(orgId, callId, { kind: 'pull' });
  }

  remembered(orgId: string, callId: string): CallFacts | null {
    const entry = this.#entries.get(callId);
    return entry === undefined || entry.orgId !== orgId || entry.isStale ? null : entry.facts;
  }

  /** Remembers a call as it was just read. Undefined when the id is that of another organisation. */
  adopt(facts: CallFacts): CallEntry | undefined {
    const { id, orgId, seq } = facts.call;
    const entry = this.entry(orgId, id);
    if (entry === undefined) return undefined;
    if (entry.facts === null) entry.deliveredSeq = seq;
    this.#work.delivery.learn(entry, facts);
    return entry;
  }

  /** Takes in a call that was just read, where it is remembered. */
  notice(facts: CallFacts): void {
    const { id, orgId } = facts.call;
    const entry = this.#entries.get(id);
    if (entry?.orgId === orgId && entry.facts !== null) this.#work.delivery.learn(entry, facts);
  }

  /** Sees to it that a session hears of a call that was just read, where its device has a part in it. */
  attend(session: Session, facts: CallFacts): void {
    const { userId, deviceId } = session.identity!;
    const leg = legOfDevice(facts, userId, deviceId);
    if (leg === undefined || !isLive(facts, leg)) return;
    const { id, orgId } = facts.call;
    const isKnown = this.remembered(orgId, id) !== null;
    const entry = this.adopt(facts);
    if (entry === undefined) return;
    // The call may have gone on, or have ended, since it was read and while nobody remembered it.
    // The job that says that the device is back reads on from here.
    if (!isKnown) entry.isStale = true;
    session.calls.set(id, entry);
  }

  /** Tries again what a failing store kept from being written. */
  retry(): void {
    if (this.#retries.size === 0) return;
    const retries = this.#retries;
    this.#retries = new Map();
    for (const { orgId, callId, job } of retries.values()) this.#enqueue(orgId, callId, job);
  }

  /**
   * Reads the calls that other instances may have written, in case a hint was lost: those with a
   * device elsewhere or an old deadline, and now and then all others. A device that was on another
   * instance a moment ago may have left something there.
   */
  heal(): void {
    this.#heals += 1;
    const isThorough = this.#heals % thoroughHeals === 0;
    const now = this.#parts.store.now();
    for (const entry of this.#entries.values()) {
      const { facts } = entry;
      if (facts === null || entry.isWorking) continue;
      const isShared = facts.legs.some(
        (leg) => isLive(facts, leg) && !this.#parts.directory.sessionOfLeg(facts, leg),
      );
      // Any instance may have acted on a deadline, also one that has no part in the call.
      const isOverdue = (nextDeadlineAt(facts) ?? Infinity) <= now;
      if (isThorough || isShared || isOverdue) {
        this.submit(entry, { kind: 'pull' });
      }
    }
  }

  /** The calls in which a device of another instance has a leg. */
  *ofDevice(orgId: string, userId: string, deviceId: string): Generator<CallEntry> {
    for (const entry of this.#entries.values()) {
      const leg = entry.facts && legOfDevice(entry.facts, userId, deviceId);
      if (entry.orgId === orgId && leg && isLive(entry.facts!, leg)) {
        yield entry;
      }
    }
  }

  /** Lets go of a call that no device of this instance has a part in. */
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

  entry(orgId: string, callId: string): CallEntry | undefined {
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
    const entry = this.entry(orgId, callId);
    if (entry !== undefined) this.submit(entry, job);
  }

  submit(entry: CallEntry, job: CallJob): void {
    entry.waiting.push(job);
    this.#start(entry);
  }

  #start(entry: CallEntry): void {
    if (!entry.isWorking && entry.waiting.length > 0) void this.#run(entry);
  }

  /** Runs the jobs of a call until none waits. Never rejects. */
  async #run(entry: CallEntry): Promise<void> {
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
        return this.#work.command(entry, job.session, job.request);
      case 'presence':
        return this.#work.presence(entry, job.userId, job.deviceId);
      case 'deadline':
        return this.#work.system(entry, { type: 'deadline.passed' });
      case 'pull':
        return this.#work.delivery.pull(entry);
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
}

/** True when so many commands of the session wait for the call that this is one too many. */
function isCrowded({ waiting }: CallEntry, session: Session): boolean {
  if (waiting.length < mostWaiting) return false;
  const own = waiting.filter((job) => job.kind === 'command' && job.session === session);
  return own.length >= mostWaiting;
}
