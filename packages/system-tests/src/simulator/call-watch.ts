import type { Clock } from '@ringfence/base';
import type { Call } from '@ringfence/phone';
import type { Tally } from './tally.ts';

type State = Call['state'];

/** For how long a phone waits for the server's word on how a call ended (`settleMs`, its default). */
const SETTLE_MS = 2_000;

/** What may follow what in the state of a call, beside `ended`, which may follow all. */
const steps: Readonly<Record<State, readonly State[]>> = {
  preparing: ['dialing'],
  dialing: ['ringing', 'connecting', 'active', 'reconnecting'],
  ringing: ['accepting', 'connecting', 'active', 'reconnecting'],
  accepting: ['connecting', 'ringing', 'active', 'reconnecting'],
  connecting: ['active', 'reconnecting', 'ringing'],
  active: ['reconnecting', 'connecting', 'ringing'],
  reconnecting: ['active', 'connecting', 'ringing'],
  ended: [],
};

/** What the phone's user knows of the network at a moment; null while the server cannot be heard. */
export type Troubles = number | null;

/** Enough of a call's id to tell it from the others in a trace. */
export function short(call: { readonly id: string }): string {
  return call.id.slice(-6);
}

/** True for a call that rings here and waits for this user's answer. */
export function ringsHere(call: Call): boolean {
  return (
    call.state === 'ringing' &&
    call.participants.some((each) => each.self && each.state === 'ringing')
  );
}

/** True for a call in which this user is heard, unless they hold it. */
export function isAnswered({ state }: Call): boolean {
  return state === 'connecting' || state === 'active' || state === 'reconnecting';
}

/** True while this user holds the call. */
export function isHeldHere({ holding }: Call): boolean {
  return holding === 'local' || holding === 'both';
}

/** Follows one call as a phone shows it, from its first state to its last. */
export class CallWatch {
  readonly call: Call;
  /** Its media goes by the id it had first, wherever it moves. */
  readonly mediaId: string;
  /** What it did that no call may do. */
  readonly strange: string[] = [];
  /** When the phone last changed what it shows of it, in virtual milliseconds. */
  changedMs = 0;
  /**
   * The server could not be heard when the call ended here, or had said nothing of the end within
   * the time a phone waits: then each believes its own.
   */
  endedAlone = false;
  /** The participant of this phone, as last shown; null before the dial was answered. */
  ownId: string | null = null;
  #last: State;
  #ends = 0;
  #troublesAtEnd: Troubles | undefined;
  #endedMs = 0;

  constructor(
    call: Call,
    parts: {
      readonly clock: Clock;
      readonly tally: Tally;
      readonly note: (what: string) => void;
      readonly troubles: () => Troubles;
    },
  ) {
    const { clock, tally, note, troubles } = parts;
    this.call = call;
    this.mediaId = call.id;
    this.#last = call.state;
    this.#look();
    note(`${call.direction} ${short(call)} ${call.state} ${call.via}`);
    call.on('call.changed', () => {
      this.changedMs = clock.monotonic();
      this.#look();
      if (call.state === 'ended' && this.#troublesAtEnd === undefined) {
        this.#troublesAtEnd = troubles();
        this.#endedMs = clock.monotonic();
      }
      note(`call ${short(call)} ${describe(call)}`);
    });
    call.on('call.ended', (end) => {
      this.#ends += 1;
      if (this.#ends > 1) this.strange.push('over twice');
      const isTroubled = troubles() === null || troubles() !== this.#troublesAtEnd;
      // Virtual time is a sum of fractions: half a millisecond is no difference.
      const isLate = clock.monotonic() - this.#endedMs > SETTLE_MS - 0.5;
      if (isLate && !isTroubled) tally.add('ended before the server said how');
      this.endedAlone = end.code !== undefined || isTroubled || isLate;
      note(`call ${short(call)} over ${end.reason} ${end.cause} ${end.by} ${end.code ?? ''}`);
      tally.add('ended');
      tally.add(`end ${end.reason}`);
    });
    call.on('call.refused', ({ command, code }) => {
      note(`call ${short(call)} refused ${command} ${code}`);
      tally.add(`refused ${command} ${code}`);
    });
    call.on('call.moved', ({ fromCallId }) => {
      note(`call ${short({ id: fromCallId })} goes on as ${short(call)}`);
      tally.add(`moved while ${this.#last}`);
    });
    call.on('call.mute-requested', ({ by }) => {
      note(`call ${short(call)} muted for ${by.userId}`);
      tally.add('muted for a moderator');
      if (!call.muted) this.strange.push('on when it was asked to mute');
    });
  }

  #look(): void {
    const { call } = this;
    const last = this.#last;
    if (call.state !== last && call.state !== 'ended' && !steps[last].includes(call.state)) {
      this.strange.push(`from ${last} to ${call.state}`);
    }
    this.#last = call.state;
    this.ownId = call.participants.find(({ self }) => self)?.id ?? this.ownId;
  }
}

function describe(call: Call): string {
  const others = call.participants.map(
    ({ userId, state, held, muted }) =>
      `${userId}:${state}${held ? ':held' : ''}${muted ? ':muted' : ''}`,
  );
  return (
    `${call.state} holding=${call.holding} muted=${call.muted} camera=${call.camera} ` +
    `requests=${call.requests.length} ${others.join(' ')}`
  );
}
