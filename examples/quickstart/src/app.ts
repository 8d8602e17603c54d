/*
 * What the page knows and what its user can do, without a word about the DOM.
 *
 *   welcome ──▶ home ⇄ incoming ──▶ call ──▶ summary ──▶ home
 *                └───── dial ────────▲
 */
import type { Call, Phone, Quality } from '@ringfence/phone';
import { nameOf, userIdOf } from './format.ts';
import { SignInError } from './session.ts';
import { refusalInWords, refusedDialInWords } from './words.ts';

/** What stays of a call that is over. */
export interface PastCall {
  readonly call: Call;
  /** How long the two talked; 0 when they never did. */
  readonly talkedMs: number;
  /** Over the whole call; null when nothing was measured. */
  readonly roundTripMs: number | null;
  readonly lossPercent: number | null;
}

export type Screen =
  | { readonly name: 'welcome'; readonly isBusy: boolean; readonly problem: string | null }
  | { readonly name: 'home'; readonly problem: string | null }
  | { readonly name: 'incoming'; readonly call: Call }
  | {
      readonly name: 'call';
      readonly call: Call;
      /** When the two began to talk, on this machine's monotonic clock: another's may be off. */
      readonly talkingSince: number | null;
      /** What was just refused, in words; null when nothing was. */
      readonly note: string | null;
    }
  | { readonly name: 'summary'; readonly past: PastCall };

/** How the page stands with the server. */
export interface ConnectionView {
  readonly state: Phone['state'];
  /** Why it closed for good, when it did. */
  readonly code: string | null;
}

export interface App {
  readonly screen: Screen;
  readonly userId: string | null;
  readonly connection: ConnectionView | null;
  /** Newest first. */
  readonly history: readonly PastCall[];
  /** Called after every change. */
  onChange(listener: () => void): void;
  signIn(name: string): Promise<void>;
  signOut(): Promise<void>;
  dial(name: string, media: { readonly video: boolean }): Promise<void>;
  /** Leaves the summary. */
  dismiss(): void;
}

export interface AppParts {
  readonly openPhone: (userId: string) => Promise<Phone>;
  readonly rememberName: (name: string) => void;
  readonly forgetName: () => void;
}

/** Averages what is measured, so that the summary can tell how the line was. */
class LineRecord {
  #roundTrips: number[] = [];
  #losses: number[] = [];

  add(quality: Quality): void {
    if (quality.roundTripMs !== null) this.#roundTrips.push(quality.roundTripMs);
    if (quality.lossPercent !== null) this.#losses.push(quality.lossPercent);
  }

  get roundTripMs(): number | null {
    return mean(this.#roundTrips);
  }

  get lossPercent(): number | null {
    return mean(this.#losses);
  }
}

function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return values.reduce((total, value) => total + value, 0) / values.length;
}

const historyLength = 5;
/** How long a note stays: long enough to be read twice. */
const noteMs = 10_000;

export function createApp({ openPhone, rememberName, forgetName }: AppParts): App {
  let screen: Screen = { name: 'welcome', isBusy: false, problem: null };
  let phone: Phone | null = null;
  let userId: string | null = null;
  let connection: ConnectionView | null = null;
  let history: readonly PastCall[] = [];
  const listeners: (() => void)[] = [];

  const changed = (): void => listeners.forEach((listener) => listener());
  const show = (next: Screen): void => {
    screen = next;
    changed();
  };

  /** The calls that run, oldest first, and how each is shown. The page shows the newest. */
  const running = new Map<Call, () => void>();

  /** Follows one call to its end. */
  const follow = (call: Call): void => {
    const owner = phone;
    const line = new LineRecord();
    let talkingSince: number | null = null;
    let note: string | null = null;
    let isOver = false;
    const finish = (): void => {
      isOver = true;
      const past: PastCall = {
        call,
        talkedMs: talkingSince === null ? 0 : performance.now() - talkingSince,
        roundTripMs: line.roundTripMs,
        lossPercent: line.lossPercent,
      };
      history = [past, ...history].slice(0, historyLength);
      running.delete(call);
      const [next] = [...running.values()].reverse();
      // A call that still rings or talks comes before the story of one that is over.
      if (next !== undefined) return next();
      show({ name: 'summary', past });
    };
    const present = (): void => {
      const isAsking = call.direction === 'incoming' && call.state === 'ringing';
      show(isAsking ? { name: 'incoming', call } : { name: 'call', call, talkingSince, note });
    };
    const update = (): void => {
      if (phone !== owner) return;
      // A hang-up ends the call at once; the server's word on it may come a moment later.
      if (isOver) return changed();
      if (call.state === 'ended') return finish();
      if (call.state === 'active') talkingSince ??= performance.now();
      if ([...running.keys()].at(-1) === call) present();
    };
    running.set(call, present);
    call.on('call.changed', update);
    call.on('call.ended', update);
    call.on('stream.changed', update);
    call.on('call.refused', ({ code }) => {
      const own = (note = refusalInWords(code));
      update();
      setTimeout(() => {
        if (note !== own) return;
        note = null;
        update();
      }, noteMs);
    });
    call.on('quality.changed', (quality) => {
      line.add(quality);
      update();
    });
    update();
  };

  return {
    get screen() {
      return screen;
    },
    get userId() {
      return userId;
    },
    get connection() {
      return connection;
    },
    get history() {
      return history;
    },
    onChange(listener) {
      listeners.push(listener);
    },
    async signIn(name) {
      const id = userIdOf(name);
      if (id === '') {
        return show({
          name: 'welcome',
          isBusy: false,
          problem: 'Enter a name with letters or digits.',
        });
      }
      show({ name: 'welcome', isBusy: true, problem: null });
      try {
        phone = await openPhone(id);
      } catch (thrown) {
        const problem = thrown instanceof SignInError ? thrown.message : 'Signing in did not work.';
        return show({ name: 'welcome', isBusy: false, problem });
      }
      rememberName(name);
      userId = id;
      connection = { state: phone.state, code: null };
      phone.on('phone.changed', ({ state, error }) => {
        connection = { state, code: error?.code ?? null };
        changed();
      });
      phone.on('call.incoming', follow);
      show({ name: 'home', problem: null });
    },
    async signOut() {
      const leaving = phone;
      phone = null;
      running.clear();
      userId = null;
      connection = null;
      history = [];
      forgetName();
      show({ name: 'welcome', isBusy: false, problem: null });
      await leaving?.close();
    },
    async dial(name, { video }) {
      const id = userIdOf(name);
      if (phone === null) return;
      try {
        follow(await phone.dial(`user:${id}`, { audio: true, video }));
      } catch (thrown) {
        // Only for arguments: whatever happens to a call is told by the call.
        show({ name: 'home', problem: refusedDialInWords(thrown, nameOf(id)) });
      }
    },
    dismiss() {
      if (screen.name === 'summary') show({ name: 'home', problem: null });
    },
  };
}
