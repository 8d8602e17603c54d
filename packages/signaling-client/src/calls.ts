/*
 * The calls this device knows, and their channels.
 *
 *   1. The facts of a call are the fold of its events; a gap is read from the server (P-504).
 *   2. A call is held while a channel is open for it, or while this device has a live leg in it. Of
 *      others the last ones are kept, so that a hint that comes late is known to be old.
 *   3. A leg is offered once, and only while nobody has its call open. It is one that rings, or one
 *      that was moved here: the facts of another call say `movedTo`.
 */
import { isLive, legOfDevice } from '@ringfence/call-rules';
import type { CallFacts, Leg } from '@ringfence/call-rules';
import { knownCalls } from '@ringfence/protocol';
import type { CatchUp } from '@ringfence/protocol';
import { createChannel } from './channel.ts';
import type { Channel, ChannelPorts } from './channel.ts';
import type { Environment } from './environment.ts';
import { fold, forgotten } from './fold.ts';

interface Known {
  facts?: CallFacts;
  channel?: Channel | undefined;
  /** The call that moved here, as it ended. */
  origin?: CallFacts;
  /** The leg of this device that was offered, or that the channel was opened for. */
  offered?: string | undefined;
  isSyncing?: true | undefined;
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
  /** The `known` of a hello: the calls that are held, as many as the wire takes. */
  known(): Record<string, number>;
  facts(callId: string): CallFacts | null;
  /** The open channel of a call, if there is one. */
  find(callId: string): Channel | null | undefined;
  /** The channel of a call: the open one, or a new one. */
  channel(callId: string): Channel;
  /** Takes what is new: events, or another way of catching up (P-505). */
  take(news: CatchUp): void;
  /** Takes the newest `seq` of each live call (P-603). */
  beat(seqs: Readonly<Record<string, number>>): void;
  /** The server is at this `seq`: asks what is missing, if anything is. */
  behind(callId: string, seq: number): void;
  /** What is known of a call that this device has a live leg in may be old: asks. */
  doubt(callId: string): void;
  connection(isOnline: boolean): void;
  close(): void;
}

/** From so many calls on, those that are not held are let go. */
const keptCalls = 64;

const isEnded = ({ facts }: Known): boolean => facts?.call.state === 'ended';

export function createCalls(environment: Environment, ports: CallsPorts): Calls {
  const calls = new Map<string, Known>();

  const facts = (callId: string): CallFacts | null => calls.get(callId)?.facts ?? null;
  const seqOf = (callId: string): number => facts(callId)?.call.seq ?? 0;

  function get(callId: string): Known {
    let known = calls.get(callId);
    if (!known) calls.set(callId, (known = {}));
    return known;
  }

  /** The leg with which this device takes part, or may. */
  function ownLeg(known: Known): Leg | undefined {
    const identity = ports.identity();
    if (!known.facts || !identity || isEnded(known)) return undefined;
    const leg = legOfDevice(known.facts, identity.userId, identity.deviceId);
    return leg && isLive(known.facts, leg) ? leg : undefined;
  }

  const isHeld = (known: Known): unknown => known.channel ?? known.isSyncing ?? ownLeg(known);

  /** Offers a call that nobody has open, and lets go of the oldest. */
  function settle(callId: string): void {
    const known = get(callId);
    const leg = ownLeg(known);
    // Whoever has the call open that moved here goes on with this one.
    const isOpen = known.channel ?? (known.origin && calls.get(known.origin.call.id)?.channel);
    // A leg that was lost to silence may ring again. Not undefined: that would be the next leg's.
    if (!leg && known.offered) known.offered = '';
    if (leg && !isOpen && leg.id !== known.offered && (known.origin || leg.state !== 'won')) {
      known.offered = leg.id;
      ports.offered(known.facts!);
    }
    for (const [oldId, old] of calls) {
      if (calls.size > keptCalls && !isHeld(old)) calls.delete(oldId);
    }
  }

  function change(known: Known, next: CallFacts, isResumed: boolean): void {
    known.facts = next;
    const { movedTo } = next.call;
    if (movedTo) {
      const there = get(movedTo);
      if (!there.channel) {
        // A leg that was offered while it rang is offered again, as one that was moved.
        there.offered = undefined;
        // Known from when this device was in it before, if at all: it is read anew.
        if (!ownLeg(there)) calls.delete(movedTo);
      }
      get(movedTo).origin = next;
      ask(movedTo);
    }
    if (!known.channel) return;
    known.offered ??= ownLeg(known)?.id;
    known.channel.changed(next, isResumed);
  }

  function ask(callId: string): void {
    const known = get(callId);
    if (known.isSyncing) return;
    known.isSyncing = true;
    ports.ask(callId, seqOf(callId), (answer) => {
      // Still syncing, so that an answer with a gap in it does not ask again at once.
      if (answer) take(answer);
      known.isSyncing = undefined;
      settle(callId);
    });
  }

  function behind(callId: string, seq: number): void {
    if (seq > seqOf(callId)) ask(callId);
  }

  function doubt(callId: string): void {
    const known = calls.get(callId);
    if (known && ownLeg(known)) ask(callId);
  }

  function take({ callId, events = [], snapshot, gone }: CatchUp): void {
    const known = get(callId);
    const last = known.facts ?? known.origin;
    if (gone) {
      if (last && !isEnded(known)) change(known, forgotten(callId, last, ports.now()), false);
    } else if (snapshot && snapshot.call.seq > seqOf(callId)) {
      change(known, snapshot, true);
    }
    const { facts: next, isGap, isResumed } = fold(callId, known.facts ?? null, events);
    if (next && next !== known.facts) change(known, next, isResumed);
    if (isGap) ask(callId);
    settle(callId);
  }

  const channelPorts: ChannelPorts = {
    ...ports,
    facts,
    sync: doubt,
    closed(callId) {
      const known = get(callId);
      known.channel = undefined;
      known.offered ??= ownLeg(known)?.id;
      settle(callId);
      const movedTo = known.facts?.call.movedTo;
      if (movedTo) settle(movedTo);
    },
  };

  return {
    known() {
      const held = [...calls].filter(([, known]) => isHeld(known)).slice(-knownCalls);
      return Object.fromEntries(held.map(([callId]) => [callId, seqOf(callId)]));
    },
    facts,
    find: (callId) => calls.get(callId)?.channel,
    channel: (callId) => (get(callId).channel ??= createChannel(callId, environment, channelPorts)),
    take,
    beat(seqs) {
      for (const [callId, seq] of Object.entries(seqs)) behind(callId, seq);
      for (const callId of calls.keys()) if (!(callId in seqs)) doubt(callId);
    },
    behind,
    doubt,
    connection(isOnline) {
      for (const { channel } of calls.values()) channel?.connection(isOnline);
    },
    close() {
      for (const { channel } of calls.values()) channel?.close();
      calls.clear();
    },
  };
}
