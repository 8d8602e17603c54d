/* A page with a phone and nothing else: what the tests of the flows drive. */
import { createPhone } from '@ringfence/phone';
import type { Call, Phone } from '@ringfence/phone';

/** What a test sees of a call. */
export interface CallSnapshot {
  readonly id: string;
  readonly direction: Call['direction'];
  readonly state: Call['state'];
  readonly holding: Call['holding'];
  readonly muted: boolean;
  readonly camera: boolean;
  readonly peerMuted: boolean;
  readonly peerCamera: boolean;
  readonly peer: string;
  readonly end: Call['end'];
}

/** What the page offers to a test. One call at a time: the newest. */
export interface Bare {
  open(userId: string): Promise<void>;
  dial(to: string, media: { audio: boolean; video: boolean }): Promise<void>;
  /** Calls a method of the call without an argument. */
  tell(what: 'decline' | 'hangUp' | 'hold' | 'resume' | 'mute' | 'unmute'): void;
  accept(media?: { audio: boolean; video: boolean }): void;
  setCamera(on: boolean): void;
  snapshot(): CallSnapshot | null;
  /** Resolves with the call as soon as these fields have these values. */
  until(wanted: Partial<CallSnapshot>): Promise<CallSnapshot>;
  /** Resolves when the phone is in this state. */
  untilPhone(state: Phone['state']): Promise<void>;
  /** The states the newest call went through, in order, each with the page's wall time. */
  readonly states: readonly { readonly state: Call['state']; readonly at: number }[];
}

declare global {
  var bare: Bare;
}

let phone: Phone | null = null;
let call: Call | null = null;
let states: { state: Call['state']; at: number }[] = [];
const listeners = new Set<() => void>();

async function fetchToken(userId: string): Promise<string> {
  const response = await fetch('/v1/dev/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userId }),
  });
  const { token } = (await response.json()) as { token: string };
  return token;
}

function changed(): void {
  if (call !== null && states.at(-1)?.state !== call.state) {
    states.push({ state: call.state, at: performance.timeOrigin + performance.now() });
  }
  listeners.forEach((listener) => listener());
}

function follow(next: Call): void {
  call = next;
  states = [];
  const remote = document.querySelector<HTMLVideoElement>('#remote')!;
  next.on('call.changed', changed);
  next.on('call.ended', changed);
  next.on('stream.changed', () => {
    if (remote.srcObject !== next.remoteStream) remote.srcObject = next.remoteStream;
  });
  changed();
}

function snapshot(): CallSnapshot | null {
  if (call === null) return null;
  const { id, direction, state, holding, muted, camera, peerMuted, peerCamera, end } = call;
  const peer = call.peer.userId;
  return { id, direction, state, holding, muted, camera, peerMuted, peerCamera, peer, end };
}

const patienceMs = 15_000;

/** Resolves with what `read` gives, at the first change at which it gives something. */
function when<Value>(what: string, read: () => Value | null): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      listeners.delete(look);
      const seen = JSON.stringify({ phone: phone?.state, states, call: snapshot() });
      reject(new Error(`${what} not within ${patienceMs} ms; ${seen}`));
    }, patienceMs);
    const look = (): void => {
      const value = read();
      if (value === null) return;
      clearTimeout(timer);
      listeners.delete(look);
      resolve(value);
    };
    listeners.add(look);
    look();
  });
}

globalThis.bare = {
  async open(userId) {
    phone = createPhone({
      url: `${location.origin.replace(/^http/, 'ws')}/v1/socket`,
      token: () => fetchToken(userId),
    });
    phone.on('call.incoming', follow);
    phone.on('phone.changed', changed);
    await globalThis.bare.untilPhone('ready');
  },
  async dial(to, media) {
    follow(await phone!.dial(to, media));
  },
  tell: (what) => call?.[what](),
  accept: (media) => call?.accept(media),
  setCamera: (on) => call?.setCamera(on),
  snapshot,
  until: (wanted) =>
    when(JSON.stringify(wanted), () => {
      const now = snapshot();
      if (now === null) return null;
      const entries = Object.entries(wanted) as [keyof CallSnapshot, unknown][];
      return entries.every(([field, value]) => now[field] === value) ? now : null;
    }),
  untilPhone: async (state) => {
    await when(state, () => (phone?.state === state ? true : null));
  },
  get states() {
    return states;
  },
};
