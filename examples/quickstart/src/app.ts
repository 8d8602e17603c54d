/*
 * What the page knows and what its user can do, without a word about the DOM.
 *
 *   welcome ──▶ home ⇄ incoming ──▶ lines ──▶ summary ──▶ home
 *                └───── dial ────────▲
 */
import type { Call, Phone, UserSettings } from '@ringfence/phone';
import { nameOf, userIdOf } from './format.ts';
import { createLines } from './lines.ts';
import type { Line, PastCall } from './lines.ts';
import { SignInError } from './session.ts';
import type { Session, SignInProblem } from './session.ts';

export type Screen =
  | {
      readonly name: 'welcome';
      readonly isBusy: boolean;
      readonly problem: SignInProblem | null;
    }
  | { readonly name: 'home'; readonly problem: Refusal | null }
  | { readonly name: 'incoming'; readonly call: Call; readonly others: readonly Call[] }
  | {
      readonly name: 'lines';
      readonly front: Line;
      readonly others: readonly Line[];
      readonly asking: readonly Call[];
    }
  | { readonly name: 'summary'; readonly past: PastCall };

/** Something asked for that was refused: the error, or its code. `name` is whom it was about. */
export interface Refusal {
  readonly error: unknown;
  readonly name?: string | undefined;
}

/** What the page says for a while: a refusal, the end of a line beside others, a request. */
export type Note =
  | ({ readonly kind: 'refused' } & Refusal)
  | { readonly kind: 'over'; readonly call: Call }
  | { readonly kind: 'mute-requested'; readonly name: string };

/** How the page stands with the server. */
export interface ConnectionView {
  readonly state: Phone['state'];
  /** Why it closed for good, when it did. */
  readonly code: string | null;
}

export interface App {
  readonly screen: Screen;
  readonly phone: Phone | null;
  readonly userId: string | null;
  readonly connection: ConnectionView | null;
  /** Newest first. */
  readonly history: readonly PastCall[];
  readonly note: Note | null;
  /** True while the browser lets the page make no sound. */
  readonly isSilenced: boolean;
  /** Called after every change. */
  onChange(listener: () => void): void;
  signIn(name: string): Promise<void>;
  signOut(): Promise<void>;
  dial(name: string, media: { readonly video: boolean }): Promise<void>;
  /** Tells in a note when what was asked for is refused. */
  attempt(asked: Promise<unknown>, name?: string): void;
  /** Resolves with what was refused; null when the settings are saved. */
  saveSettings(change: UserSettings): Promise<Refusal | null>;
  /** Where it rings: the id of an output, or `''` for the default. */
  readonly ringOutput: string;
  /** Rings elsewhere. Rejects when the browser refuses. */
  ringOn(deviceId: string): Promise<void>;
  /** Asks the browser for sound. Call it when the user touches the page. */
  unlock(): void;
  /** Leaves the summary. */
  dismiss(): void;
}

export interface AppParts {
  readonly openSession: (userId: string) => Promise<Session>;
  readonly rememberName: (name: string) => void;
  readonly forgetName: () => void;
}

const historyLength = 5;
/** How long a note stays: long enough to be read twice. */
const noteMs = 10_000;

export function createApp({ openSession, rememberName, forgetName }: AppParts): App {
  /** What is shown while no call runs. */
  let idle: Extract<Screen, { name: 'welcome' | 'home' | 'summary' }> = {
    name: 'welcome',
    isBusy: false,
    problem: null,
  };
  let session: Session | null = null;
  let userId: string | null = null;
  let connection: ConnectionView | null = null;
  let history: readonly PastCall[] = [];
  let note: Note | null = null;
  let ringOutput = '';
  const listeners: (() => void)[] = [];

  const changed = (): void => listeners.forEach((listener) => listener());
  const show = (next: typeof idle): void => {
    idle = next;
    changed();
  };
  const say = (next: Note): void => {
    note = next;
    changed();
    setTimeout(() => {
      if (note !== next) return;
      note = null;
      changed();
    }, noteMs);
  };
  const refuse = (refusal: Refusal): void => say({ kind: 'refused', ...refusal });

  const lines = createLines({
    changed,
    over(past) {
      history = [past, ...history].slice(0, historyLength);
      const { front, asking } = lines.arrangement;
      if (front === null && asking.length === 0) return show({ name: 'summary', past });
      // A call that still rings or talks comes before the story of one that is over. One that was
      // put together with another tells it by the people who are there now.
      if (past.call.end?.reason === 'transferred') changed();
      else say({ kind: 'over', call: past.call });
    },
    refused: (error) => refuse({ error }),
    muteRequested: (byUserId) => say({ kind: 'mute-requested', name: nameOf(byUserId) }),
  });

  const begin = (opened: Session): void => {
    session = opened;
    ringOutput = '';
    const { phone } = opened;
    connection = { state: phone.state, code: null };
    phone.on('phone.changed', ({ state, error }) => {
      if (session !== opened) return;
      connection = { state, code: error?.code ?? null };
      changed();
    });
    phone.on('call.incoming', (call) => {
      if (session === opened) lines.follow(call);
    });
    phone.on('settings.changed', changed);
    opened.onSilenced(changed);
  };

  return {
    get screen(): Screen {
      const { front, others, asking } = lines.arrangement;
      if (front !== null) return { name: 'lines', front, others, asking };
      const [call, ...rest] = asking;
      return call === undefined ? idle : { name: 'incoming', call, others: rest };
    },
    get phone() {
      return session?.phone ?? null;
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
    get note() {
      return note;
    },
    get isSilenced() {
      return session?.isSilenced ?? false;
    },
    onChange(listener) {
      listeners.push(listener);
    },
    async signIn(name) {
      const id = userIdOf(name);
      if (id === '') return show({ name: 'welcome', isBusy: false, problem: 'name_needed' });
      show({ name: 'welcome', isBusy: true, problem: null });
      try {
        begin(await openSession(id));
      } catch (thrown) {
        const problem = thrown instanceof SignInError ? thrown.problem : 'failed';
        return show({ name: 'welcome', isBusy: false, problem });
      }
      rememberName(name);
      userId = id;
      show({ name: 'home', problem: null });
    },
    async signOut() {
      const leaving = session;
      session = null;
      lines.clear();
      userId = null;
      connection = null;
      history = [];
      note = null;
      forgetName();
      show({ name: 'welcome', isBusy: false, problem: null });
      await leaving?.close();
    },
    async dial(name, { video }) {
      const id = userIdOf(name);
      if (session === null) return;
      try {
        lines.follow(await session.phone.dial(`user:${id}`, { audio: true, video }));
      } catch (thrown) {
        // Only for arguments: whatever happens to a call is told by the call.
        const problem = { error: thrown, name: nameOf(id) };
        if (lines.arrangement.front === null) show({ name: 'home', problem });
        else refuse(problem);
      }
    },
    attempt(asked, name) {
      asked.catch((error: unknown) => refuse({ error, name }));
    },
    async saveSettings(change) {
      try {
        await session?.phone.updateSettings(change);
        return null;
      } catch (error) {
        return { error };
      }
    },
    get ringOutput() {
      return ringOutput;
    },
    async ringOn(deviceId) {
      await session?.ringOn(deviceId);
      ringOutput = deviceId;
    },
    unlock() {
      session?.unlock();
    },
    dismiss() {
      if (idle.name === 'summary') show({ name: 'home', problem: null });
    },
  };
}
