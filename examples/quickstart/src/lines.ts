/*
 * The lines of the page: the calls that run, and which of them is large. No DOM.
 *
 *   asking   rings here and waits for a yes or no; never takes the place of what is large
 *   front    the one that is talked on, or was last
 *   others   the rest: held, or still ringing at the other end
 */
import type { Call, Quality } from '@ringfence/phone';

/** A call that runs. */
export interface Line {
  readonly call: Call;
  /** When the two began to talk, on this machine's monotonic clock: another's may be off. */
  readonly talkingSince: number | null;
}

/** What stays of a call that is over. */
export interface PastCall {
  readonly call: Call;
  /** How long it was talked; 0 when it never was. */
  readonly talkedMs: number;
  /** Over the whole call; null when nothing was measured. */
  readonly roundTripMs: number | null;
  readonly lossPercent: number | null;
}

/** What {@link createLines} tells. */
export interface LinesListener {
  changed(): void;
  over(past: PastCall): void;
  /** Something asked for was refused and taken back. */
  refused(error: unknown): void;
  muteRequested(byUserId: string): void;
}

/** How the calls that run are shown. */
export interface Arrangement {
  readonly front: Line | null;
  readonly others: readonly Line[];
  /** Oldest first, so that the buttons under a finger stay what they are. */
  readonly asking: readonly Call[];
}

export interface Lines {
  readonly arrangement: Arrangement;
  /** Follows a call to its end. Following it twice is once. */
  follow(call: Call): void;
  /** Forgets all of them. */
  clear(): void;
}

/** True while the user has yet to take the call or not. Who waits after a transfer has taken it. */
export function isAsking(call: Pick<Call, 'state' | 'direction' | 'answeredAt'>): boolean {
  return call.direction === 'incoming' && call.state === 'ringing' && call.answeredAt === null;
}

/** True while this side holds the call. */
export function isHeldHere({ holding }: Pick<Call, 'holding'>): boolean {
  return holding === 'local' || holding === 'both';
}

/** Sorts the calls that run. `before` is the call that was large until now. */
export function arrange(lines: readonly Line[], before: Call | null): Arrangement {
  const taken = lines.filter(({ call }) => !isAsking(call));
  const last = taken.find(({ call }) => call === before);
  const heard = taken.filter(({ call }) => !isHeldHere(call));
  const front =
    (last !== undefined && heard.includes(last) ? last : heard.at(-1)) ?? last ?? taken.at(-1);
  return {
    front: front ?? null,
    others: taken.filter((line) => line !== front),
    asking: lines.map(({ call }) => call).filter(isAsking),
  };
}

/** Averages what is measured, so that the summary can tell how the line was. */
class LineRecord {
  readonly #roundTrips: number[] = [];
  readonly #losses: number[] = [];

  add({ roundTripMs, lossPercent }: Quality): void {
    if (roundTripMs !== null) this.#roundTrips.push(roundTripMs);
    if (lossPercent !== null) this.#losses.push(lossPercent);
  }

  get means(): Pick<PastCall, 'roundTripMs' | 'lossPercent'> {
    return { roundTripMs: mean(this.#roundTrips), lossPercent: mean(this.#losses) };
  }
}

function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return values.reduce((total, value) => total + value, 0) / values.length;
}

export function createLines(listener: LinesListener): Lines {
  const running = new Map<Call, Line>();
  let arrangement = arrange([], null);

  const arrangeAgain = (): void => {
    arrangement = arrange([...running.values()], arrangement.front?.call ?? null);
  };

  return {
    get arrangement() {
      return arrangement;
    },
    follow(call) {
      if (running.has(call)) return;
      const record = new LineRecord();
      let talkingSince: number | null = null;
      let isOver = false;

      const update = (): void => {
        // A hang-up ends the call at once; the server's word on it may come a moment later.
        if (isOver) return listener.changed();
        if (call.state === 'active') talkingSince ??= performance.now();
        isOver = call.state === 'ended';
        if (!isOver) running.set(call, { call, talkingSince });
        else if (!running.delete(call)) return;
        arrangeAgain();
        if (!isOver) return listener.changed();
        const talkedMs = talkingSince === null ? 0 : performance.now() - talkingSince;
        listener.over({ call, talkedMs, ...record.means });
      };
      const whileFollowed =
        <Payload>(tell: (payload: Payload) => void) =>
        (payload: Payload): void => {
          if (isOver || running.has(call)) tell(payload);
        };

      running.set(call, { call, talkingSince });
      call.on('call.changed', whileFollowed(update));
      call.on('call.ended', whileFollowed(update));
      call.on('stream.changed', whileFollowed(update));
      call.on(
        'quality.changed',
        whileFollowed((quality) => {
          record.add(quality);
          update();
        }),
      );
      call.on(
        'call.refused',
        whileFollowed(({ code, error }) => listener.refused(error ?? code)),
      );
      call.on(
        'call.mute-requested',
        whileFollowed(({ by }) => listener.muteRequested(by.userId)),
      );
      update();
    },
    clear() {
      running.clear();
      arrangement = arrange([], null);
    },
  };
}
