/* The races. Each says who is there, how it begins, who acts against whom, and who won. */
import type { Call } from '@ringfence/phone';
import { isHeldHere } from '../simulator/call-watch.ts';
import { pick } from '../simulator/chance.ts';
import type { Cast } from './arena.ts';
import { consulted, dialed, firstEvent, onlyCall, passedOn, talking } from './openings.ts';
import type { Stage } from './stage.ts';

/** One race. */
export interface RaceKind {
  readonly cast: Cast;
  /** How it may come out. Each of these must occur, or the race is none. */
  readonly sides: readonly string[];
  /**
   * Brings everyone to the start, races, and says how it came out once all agree. What else came out
   * than one of the sides is told as it is.
   */
  run(stage: Stage, settled: () => Promise<void>): Promise<string>;
  /** What must hold besides of that outcome; one line for each thing that does not. */
  check?(stage: Stage, outcome: string): readonly string[];
}

/** Within so long two dials mostly cross. */
const CROSSING_MS = 120;

const two: Cast = [
  ['a1', 'alice'],
  ['b1', 'bob'],
];
const three: Cast = [...two, ['c1', 'carol']];

const fault = (isFault: boolean, line: string): readonly string[] => (isFault ? [line] : []);

/** How an answer reads when the call was over first. A network that fails leaves it open. */
const refusedAsOver = (stage: Stage, answer: string): boolean =>
  answer === 'call_ended' || (stage.isTroubled && answer !== 'done');

/** Three devices of one user pick up. */
const acceptAndAccept: RaceKind = {
  cast: [
    ['a1', 'alice'],
    ['b1', 'bob'],
    ['b2', 'bob'],
    ['b3', 'bob'],
  ],
  sides: ['b1 won', 'b2 won', 'b3 won'],
  async run(stage, settled) {
    await dialed(stage, 'a1', ['b1', 'b2', 'b3']);
    const devices = ['b1', 'b2', 'b3'].map((name) => stage.party(name));
    await stage.race(
      devices.map((party) => () => party.act('accepts', () => party.newest?.accept())),
    );
    await settled();
    const { facts } = onlyCall(stage);
    const winner = facts.legs.find((leg) => leg.participantId === 'p2' && leg.state === 'won');
    return winner === undefined
      ? `ended ${facts.call.endReason}`
      : `${winner.deviceId.slice(-2)} won`;
  },
  check(stage, outcome) {
    const losers = ['b1', 'b2', 'b3'].filter((name) => outcome !== `${name} won`);
    if (losers.length === 3) return [];
    return losers.flatMap((name) => {
      const [watch] = stage.party(name).watches;
      const reason = watch?.call.end?.reason;
      const isTold = reason === 'answered-elsewhere' || watch?.endedAlone === true;
      return fault(!isTold, `${name} lost and was told ${reason}`);
    });
  },
};

/** The callee picks up while the caller cancels. */
const acceptAndCancel: RaceKind = {
  cast: two,
  sides: ['accept first', 'cancel first'],
  async run(stage, settled) {
    const call = await dialed(stage, 'a1', ['b1']);
    const [alice, bob] = [stage.party('a1'), stage.party('b1')];
    await stage.race([
      () => alice.act('cancels', () => call.hangUp()),
      () => bob.act('accepts', () => bob.newest?.accept()),
    ]);
    await settled();
    const { endReason, answeredAt } = onlyCall(stage).facts.call;
    if (endReason === 'canceled' && answeredAt === null) return 'cancel first';
    return endReason === 'completed' ? 'accept first' : `ended ${endReason}`;
  },
};

/** Two dial each other. */
const glare: RaceKind = {
  cast: two,
  sides: ['alice first', 'bob first'],
  async run(stage, settled) {
    const [alice, bob] = [stage.party('a1'), stage.party('b1')];
    await stage.race([() => alice.dial(bob), () => bob.dial(alice)], CROSSING_MS);
    await settled();
    const met = stage.calls.find(({ facts }) => facts.call.movedTo !== null)?.facts.call.movedTo;
    const goesOn = stage.calls.find(({ callId }) => callId === met)?.facts;
    if (goesOn !== undefined) {
      return goesOn.participants[0]!.userId === alice.userId ? 'alice first' : 'bob first';
    }
    const [only] = stage.calls;
    if (stage.calls.length === 1 && only?.facts.call.state === 'active') return 'rang in time';
    const came = stage.calls.map(({ facts }) => facts.call.endReason ?? facts.call.state);
    return `not met: ${came.sort().join()}`;
  },
  check(stage, outcome) {
    if (outcome.startsWith('not met')) return fault(!stage.isTroubled, 'two dials did not meet');
    const live = stage.calls.filter(({ facts }) => facts.call.state !== 'ended');
    const shown = stage.parties.map(({ live: own }) => own.map(({ call }) => call.id).join());
    const isOne = live.length === 1 && shown.every((id) => id === live[0]!.callId);
    return fault(
      !isOne && !stage.isTroubled,
      `${live.length} calls go on, shown ${shown.join(' ')}`,
    );
  },
};

/** Both hold, and may take it back. */
const holdAndHold: RaceKind = {
  cast: two,
  sides: ['alice first', 'bob first'],
  async run(stage, settled) {
    await talking(stage, 'a1', 'b1');
    await stage.race(
      ['a1', 'b1'].flatMap((name) => {
        const party = stage.party(name);
        const [call] = party.live.map((watch) => watch.call) as [Call];
        const hold = (): void => party.act('holds', () => call.hold());
        const toggle = (): void =>
          party.act('toggles', () => (isHeldHere(call) ? call.resume() : call.hold()));
        return pick(stage.random, [[hold], [hold], [toggle, toggle, hold]]);
      }),
    );
    await settled();
    const { facts, events } = onlyCall(stage);
    if (facts.call.state === 'ended') return `ended ${facts.call.endReason}`;
    const first = events.find((event) => event.type === 'leg.updated' && event.held);
    return first?.type === 'leg.updated' && first.legId === 'l1' ? 'alice first' : 'bob first';
  },
};

/** One side transfers the other away, who hangs up. */
const blindAndHangUp: RaceKind = {
  cast: three,
  sides: ['transfer first', 'hang-up first'],
  async run(stage, settled) {
    const [alice, bob, carol] = ['a1', 'b1', 'c1'].map((name) => stage.party(name));
    const [ours, theirs] = await talking(stage, 'a1', 'b1');
    let answer: Promise<string> | undefined;
    await stage.race([
      () => (answer = alice!.ask('transfers', () => ours.transfer(`user:${carol!.userId}`))),
      () => bob!.act('hangs up', () => theirs.hangUp()),
    ]);
    await settled();
    const isTransferred = firstEvent(stage, ours.id, 'participant.invited') !== undefined;
    if (isTransferred) return 'transfer first';
    return refusedAsOver(stage, await answer!) ? 'hang-up first' : `answered ${await answer!}`;
  },
  check(stage, outcome) {
    const { facts } = onlyCall(stage);
    const [alice, bob] = facts.participants;
    const isClear =
      outcome === 'transfer first'
        ? alice!.leftReason === 'transferred' && bob!.leftReason === 'canceled'
        : alice!.leftReason === 'completed' && facts.participants.length === 2;
    const reasons = facts.participants.map(({ leftReason }) => leftReason).join();
    return fault(!isClear && !stage.isTroubled, `${outcome}, and they left ${reasons}`);
  },
};

/** Who was transferred to declines, and the call comes back, while the one who waits hangs up. */
const returnAndHangUp: RaceKind = {
  cast: three,
  sides: ['return first', 'hang-up first'],
  async run(stage, settled) {
    const { bob, carol, theirs } = await passedOn(stage);
    await stage.race([
      () => carol.act('declines', () => carol.newest?.decline()),
      () => bob.act('hangs up', () => theirs.hangUp()),
    ]);
    await settled();
    const { participants, call } = onlyCall(stage).facts;
    if (participants.some(({ via }) => via === 'return')) return 'return first';
    return call.endReason === 'canceled' ? 'hang-up first' : `ended ${call.endReason}`;
  },
};

/** Who was transferred to picks up while the one who waits hangs up. */
const takenAndHangUp: RaceKind = {
  cast: three,
  sides: ['taken first', 'hang-up first'],
  async run(stage, settled) {
    const { bob, carol, theirs } = await passedOn(stage);
    await stage.race([
      () => carol.act('accepts', () => carol.newest?.accept()),
      () => bob.act('hangs up', () => theirs.hangUp()),
    ]);
    await settled();
    const { call } = onlyCall(stage).facts;
    if (call.endReason === 'completed') return 'taken first';
    return call.endReason === 'canceled' ? 'hang-up first' : `ended ${call.endReason}`;
  },
};

/** Two calls become one while somebody in one of them hangs up. */
function attendedAnd(hangsUp: 'b1' | 'c1'): RaceKind {
  return {
    cast: three,
    sides: ['transfer first', 'hang-up first'],
    async run(stage, settled) {
      const alice = stage.party('a1');
      const other = stage.party(hangsUp);
      const [held, consultation] = await consulted(stage);
      const heldId = held.id;
      let answer: Promise<string> | undefined;
      await stage.race([
        () => (answer = alice.ask('transfers', () => held.transfer(consultation))),
        () => other.act('hangs up', () => other.newest?.hangUp()),
      ]);
      await settled();
      if (firstEvent(stage, heldId, 'participant.invited') !== undefined) return 'transfer first';
      return refusedAsOver(stage, await answer!) ? 'hang-up first' : `answered ${await answer!}`;
    },
    check(stage, outcome) {
      if (stage.isTroubled) return [];
      const live = stage.calls.filter(({ facts }) => facts.call.state !== 'ended').length;
      // The hang-up ends what the transfer made; else the other call of the two goes on.
      const due = outcome === 'transfer first' ? 0 : 1;
      return fault(live !== due, `${outcome}, and ${live} calls go on`);
    },
  };
}

/** One side brings a third in while the call ends. */
function inviteAnd(ends: 'hang-up' | 'end for all'): RaceKind {
  return {
    cast: three,
    sides: ['invite first', 'end first'],
    async run(stage, settled) {
      const [alice, bob, carol] = ['a1', 'b1', 'c1'].map((name) => stage.party(name));
      const [ours, theirs] = await talking(stage, 'a1', 'b1');
      const isForAll = ends === 'end for all';
      const inviter = isForAll ? bob! : alice!;
      const call = isForAll ? theirs : ours;
      let answer: Promise<string> | undefined;
      await stage.race([
        () => (answer = inviter.ask('invites', () => call.invite(`user:${carol!.userId}`))),
        () =>
          isForAll
            ? alice!.act('ends for all', () => ours.hangUp({ everyone: true }))
            : bob!.act('hangs up', () => theirs.hangUp()),
      ]);
      await settled();
      if (firstEvent(stage, ours.id, 'participant.invited') !== undefined) return 'invite first';
      return refusedAsOver(stage, await answer!) ? 'end first' : `answered ${await answer!}`;
    },
    check(stage, outcome) {
      if (stage.isTroubled) return [];
      const { state } = onlyCall(stage).facts.call;
      // Who stays waits for whom they invited; an end for all is one for the invited too.
      const due = outcome === 'invite first' && ends === 'hang-up' ? 'ringing' : 'ended';
      return fault(state !== due, `${outcome}, and the call is ${state}`);
    },
  };
}

/** Every race, by name. */
export const raceKinds: Readonly<Record<string, RaceKind>> = {
  'accept, accept, accept': acceptAndAccept,
  'accept, cancel': acceptAndCancel,
  'dial, dial (glare)': glare,
  'hold, hold': holdAndHold,
  'blind transfer, hang-up': blindAndHangUp,
  'transfer taken, hang-up': takenAndHangUp,
  'transfer returns, hang-up': returnAndHangUp,
  'attended transfer, hang-up of the held': attendedAnd('b1'),
  'attended transfer, hang-up of the consulted': attendedAnd('c1'),
  'invite, hang-up': inviteAnd('hang-up'),
  'invite, end for all': inviteAnd('end for all'),
};
