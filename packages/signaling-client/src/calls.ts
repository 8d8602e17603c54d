/*
 * The calls this device knows, and their channels.
 *
 *   1. The facts of a call are the fold of its events; a gap is read from the server (P-504).
 *   2. A call is kept while a channel is open for it, or while it is live and this device has a leg
 *      in it that rings or won. Nothing else is kept.
 *   3. A call is offered once.
 */
import { isContending, legOfDevice } from '@ringfence/call-rules';
import type { CallEvent, CallFacts, Leg } from '@ringfence/call-rules';
import { LIMITS } from '@ringfence/protocol';
import type { CatchUp } from '@ringfence/protocol';
import { createChannel } from './channel.ts';
import type { Channel, ChannelPorts } from './channel.ts';
import type { Environment } from './environment.ts';
import { fold, forgotten } from './fold.ts';

interface Known {
  facts: CallFacts | null;
  channel: Channel | null;
  isOffered: boolean;
  isSyncing: boolean;
  /** The server said that there is nothing after this `seq`. */
  checked: number;
}

export interface CallsPorts extends Omit<ChannelPorts, 'facts' | 'sync' | 'closed'> {
  /** Who this device is; null before the first welcome. */
  identity(): { readonly userId: string; readonly deviceId: string } | null;
  /** The server's time. */
  now(): number;
  offered(facts: CallFacts): void;
  /** Asks the server what came after `afterSeq`; null when it could not be had. */
  ask(callId: string, afterSeq: number, onAnswer: (catchUp: CatchUp | null) => void): void;
}

export interface Calls {
  /** The `known` of a hello: the live calls, as many as the wire takes. */
  known(): Record<string, number>;
  facts(callId: string): CallFacts | null;
  /** The open channel of a call, if there is one. */
  find(callId: string): Channel | null | undefined;
  /** The channel of a call: the open one, or a new one. */
  channel(callId: string): Channel;
  /** Takes one way of catching up (P-505). */
  catchUp(catchUp: CatchUp): void;
  events(callId: string, events: readonly CallEvent[]): void;
  /** Takes the newest `seq` of each live call (P-603). */
  beat(seqs: Readonly<Record<string, number>>): void;
  /** The server is at this `seq`: asks what is missing, if anything is. */
  behind(callId: string, seq: number): void;
  /** What is known of a live call may be old. Asks once, as long as the server knows no more. */
  doubt(callId: string): void;
  connection(isOnline: boolean): void;
  close(): void;
}

/** How many ended calls are remembered, so that a late hint does not bring one back. */
const endedLimit = 64;

const isEnded = (facts: CallFacts | null): boolean => facts?.call.state === 'ended';
const seqOf = (facts: CallFacts | null): number => facts?.call.seq ?? 0;

export function createCalls(environment: Environment, ports: CallsPorts): Calls {
  const calls = new Map<string, Known>();
  const ended = new Set<string>();

  const facts = (callId: string): CallFacts | null => calls.get(callId)?.facts ?? null;

  function get(callId: string): Known {
    let known = calls.get(callId);
    if (!known) {
      known = { facts: null, channel: null, isOffered: false, isSyncing: false, checked: -1 };
      calls.set(callId, known);
    }
    return known;
  }

  /** This device's leg in a live call, unless it is lost. */
  function ownLeg({ facts: now }: Known): Leg | undefined {
    const identity = ports.identity();
    if (!now || !identity || isEnded(now)) return undefined;
    const leg = legOfDevice(now, identity.userId, identity.deviceId);
    return leg?.state === 'lost' ? undefined : leg;
  }

  function forget(callId: string): void {
    const known = calls.get(callId);
    if (!known || known.channel || known.isSyncing || ownLeg(known)) return;
    calls.delete(callId);
    if (!isEnded(known.facts)) return;
    ended.add(callId);
    if (ended.size > endedLimit) ended.delete([...ended][0]!);
  }

  function change(known: Known, next: CallFacts, resumed: readonly string[] | null): void {
    known.facts = next;
    if (known.channel) return known.channel.changed(next, resumed);
    const leg = ownLeg(known);
    if (known.isOffered || !leg || !isContending(leg)) return;
    known.isOffered = true;
    ports.offered(next);
  }

  function ask(callId: string): void {
    const known = get(callId);
    if (known.isSyncing) return;
    known.isSyncing = true;
    const afterSeq = seqOf(known.facts);
    ports.ask(callId, afterSeq, (answer) => {
      if (answer) {
        known.checked = afterSeq;
        // Still syncing, so that an answer with a gap in it does not ask again at once.
        catchUp(answer);
      }
      known.isSyncing = false;
      forget(callId);
    });
  }

  function behind(callId: string, seq: number): void {
    if (seq > seqOf(facts(callId)) && !ended.has(callId)) ask(callId);
  }

  function doubt(callId: string): void {
    const known = calls.get(callId);
    if (known?.facts && !isEnded(known.facts) && known.checked < seqOf(known.facts)) ask(callId);
  }

  function apply(callId: string, added: readonly CallEvent[]): void {
    if (ended.has(callId) && !calls.has(callId)) return;
    const known = get(callId);
    const folded = fold(callId, known.facts, added);
    if (folded.facts && folded.facts !== known.facts) change(known, folded.facts, folded.resumed);
    if (folded.isGap) ask(callId);
    forget(callId);
  }

  function catchUp({ callId, events, snapshot, gone }: CatchUp): void {
    const known = get(callId);
    if (gone) {
      if (known.facts && !isEnded(known.facts))
        change(known, forgotten(known.facts, ports.now()), []);
    } else if (snapshot && snapshot.call.seq > seqOf(known.facts)) {
      change(known, snapshot, null);
    }
    apply(callId, events ?? []);
  }

  const channelPorts: ChannelPorts = {
    ...ports,
    facts,
    sync: doubt,
    closed(callId) {
      const known = calls.get(callId);
      if (!known) return;
      known.channel = null;
      known.isOffered = true;
      forget(callId);
    },
  };

  return {
    known() {
      const live = [...calls].filter(([, known]) => known.facts && !isEnded(known.facts));
      return Object.fromEntries(
        live.slice(-LIMITS.knownCalls).map(([callId, known]) => [callId, seqOf(known.facts)]),
      );
    },
    facts,
    find: (callId) => calls.get(callId)?.channel,
    channel: (callId) => (get(callId).channel ??= createChannel(callId, environment, channelPorts)),
    catchUp,
    events: apply,
    beat(seqs) {
      for (const [callId, seq] of Object.entries(seqs)) behind(callId, seq);
      for (const [callId, known] of calls) {
        if (!(callId in seqs) && ownLeg(known)) doubt(callId);
      }
    },
    behind,
    doubt,
    connection(isOnline) {
      for (const { channel } of calls.values()) channel?.connection(isOnline);
    },
    close() {
      for (const { channel } of calls.values()) channel?.close();
      calls.clear();
      ended.clear();
    },
  };
}
