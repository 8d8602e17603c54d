/* What was written is taken in and told to the sessions of this instance. */
import { evolve, isLive, legOfDevice } from '@ringfence/call-rules';
import type { CallEvent, CallFacts, CallOutcome } from '@ringfence/call-rules';
import { LIMITS, writeEvent } from '@ringfence/protocol';
import { lastEventsFor } from './audience.ts';
import type { CallBook, CallEntry } from './call-entry.ts';
import type { Directory } from './directory.ts';
import type { Session } from './session.ts';
import type { StoreAccess } from './store-access.ts';

export interface CallDeliveryParts {
  readonly store: StoreAccess;
  readonly directory: Directory;
  readonly book: CallBook;
}

/** Keeps what is remembered of calls up to date, and tells the sessions. */
export class CallDelivery {
  readonly #parts: CallDeliveryParts;

  constructor(parts: CallDeliveryParts) {
    this.#parts = parts;
  }

  /** Brings what is remembered up to date, where that takes a read. */
  async refresh(entry: CallEntry): Promise<void> {
    if (entry.isStale) return this.pull(entry);
    const { orgId, callId } = entry;
    const facts = await this.#parts.store.trip((store) => store.load(orgId, callId));
    if (facts === null) return;
    entry.deliveredSeq = facts.call.seq;
    this.learn(entry, facts);
  }

  /** Takes in facts that another instance wrote. The sessions are told by a `pull`, which waits then. */
  learn(entry: CallEntry, facts: CallFacts): void {
    if (facts.call.seq > (entry.facts?.call.seq ?? 0)) entry.facts = facts;
    if (facts.call.seq <= entry.deliveredSeq) return;
    if (entry.waiting.some((job) => job.kind === 'pull')) return;
    this.#parts.book.submit(entry, { kind: 'pull' });
  }

  /** Takes in a change of our own and tells the sessions, save the one that is answered. */
  changed(
    entry: CallEntry,
    { facts, events }: CallOutcome,
    except: Session | null,
    text?: string,
  ): void {
    if (entry.facts === null) entry.deliveredSeq = events[0]!.seq - 1;
    if (facts.call.seq > (entry.facts?.call.seq ?? 0)) entry.facts = facts;
    this.#deliver(entry, events, except, text);
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
      if (events.length > 0) {
        this.#deliver(entry, events, null);
        this.#contradict(entry, events);
      }
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
      this.#parts.book.submit(entry, { kind: 'pull' });
    } else {
      entry.deliveredSeq = Math.max(entry.deliveredSeq, events.at(-1)!.seq);
    }
    let text = written;
    let isTold = false;
    for (const leg of facts.legs) {
      const session = this.#parts.directory.sessionOfLeg(facts, leg);
      if (session === undefined) continue;
      const isOn = isLive(facts, leg);
      // A device hears by its newest leg: the one that is live, where one is.
      if (!isOn && isOlder(facts, leg)) continue;
      if (isOn) session.calls.set(callId, entry);
      else session.calls.delete(callId);
      if (session === except) continue;
      const told = isOn ? events : lastEventsFor(events, leg);
      if (told.length === 0) continue;
      isTold = true;
      if (told === events) session.send((text ??= writeEvents(callId, events)));
      else session.send(writeEvents(callId, told));
    }
    if (isTold && facts.call.movedTo !== null) this.#follow(entry, facts.call.movedTo);
  }

  /** Another instance wrote that a device is silent that is connected here: it did not know. */
  #contradict(entry: CallEntry, events: readonly CallEvent[]): void {
    const facts = entry.facts!;
    for (const event of events) {
      if (event.type !== 'leg.silent') continue;
      const leg = facts.legs.find(({ id }) => id === event.legId);
      if (!leg?.silent || !this.#parts.directory.sessionOfLeg(facts, leg)) continue;
      const { userId, deviceId } = leg;
      this.#parts.book.submit(entry, { kind: 'presence', userId, deviceId });
    }
  }

  /** Sees to it that who was moved on hears of the call they are in now, also when its hint was lost. */
  #follow({ orgId }: CallEntry, movedTo: string): void {
    const { book } = this.#parts;
    if (book.remembered(orgId, movedTo) !== null) return;
    const entry = book.entry(orgId, movedTo);
    if (entry !== undefined) book.submit(entry, { kind: 'pull' });
  }
}

function isOlder(facts: CallFacts, leg: CallFacts['legs'][number]): boolean {
  return legOfDevice(facts, leg.userId, leg.deviceId) !== leg;
}

function writeEvents(callId: string, events: readonly CallEvent[]): string {
  return writeEvent('call.events', { callId, events: events as CallEvent[] });
}
