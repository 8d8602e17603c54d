/* A page with a phone and nothing else: what the tests of the flows drive. */
import { TubeRegistry } from '@ringfence/isolation';
import { createPhone } from '@ringfence/phone';
import type { Call, Phone, PhoneOptions, RingfenceError, UserSettings } from '@ringfence/phone';
import { claimDeviceId } from '@ringfence/signaling-client/device-id';
import { when } from './when.ts';

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
  readonly via: Call['via'];
  readonly role: Call['role'];
  /** The others: `bob active`, `carol ringing`, `dave left declined`; `bob active muted`. */
  readonly people: readonly string[];
  /** The codes of what was refused, in order. */
  readonly refused: readonly string[];
  /** Who asked this phone to mute itself last. */
  readonly muteAskedBy: string | null;
  readonly audioOutput: string;
  readonly end: Call['end'];
}

/** A refusal as a test sees it. */
export interface Refused {
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** What is asked of a call that gives a promise. `call` and `participant` name whom by user id. */
export type Asked =
  | { readonly ask: 'swap' }
  | { readonly ask: 'invite'; readonly to: string; readonly role?: 'member' | 'guest' }
  | { readonly ask: 'remove' | 'requestMute'; readonly participant: string }
  | { readonly ask: 'transfer'; readonly to: string }
  | { readonly ask: 'transfer' | 'merge'; readonly call: string }
  | { readonly ask: 'sendDtmf'; readonly tones: string }
  | { readonly ask: 'setAudioOutput'; readonly deviceId: string };

/**
 * What the page offers to a test. `who` names a call by the other side's user id when it began, the
 * newest of them; without it the newest call of all is meant.
 */
export interface Bare {
  open(userId: string, options?: BareOptions): Promise<void>;
  dial(to: string, media: { audio: boolean; video: boolean }): Promise<void>;
  /** Calls a method of the call without an argument. */
  tell(what: 'decline' | 'hangUp' | 'hold' | 'resume' | 'mute' | 'unmute', who?: string): void;
  /** Ends the call for everyone. */
  endForAll(who?: string): void;
  accept(media?: { audio: boolean; video: boolean }, who?: string): void;
  setCamera(on: boolean, who?: string): void;
  /** Resolves with what was refused; null when it was done. */
  ask(asked: Asked, who?: string): Promise<Refused | null>;
  snapshot(who?: string): CallSnapshot | null;
  /** Resolves with the call as soon as there is one and these fields have these values. */
  until(wanted: Partial<CallSnapshot>, who?: string): Promise<CallSnapshot>;
  /** Resolves when the phone is in this state. */
  untilPhone(state: Phone['state']): Promise<void>;
  updateSettings(change: Partial<UserSettings>): Promise<Refused | null>;
  /** Resolves when the settings are these. */
  untilSettings(wanted: UserSettings): Promise<void>;
  /** The phone itself, for what a test does once. */
  readonly phone: Phone;
  readonly deviceId: string;
  /** How many calls ever came in or went out. */
  readonly callCount: number;
  /** The states a call went through, in order, each with the page's wall time. */
  statesOf(who?: string): readonly { readonly state: Call['state']; readonly at: number }[];
}

export interface BareOptions extends Pick<PhoneOptions, 'callWaiting'> {
  /** Keeps the device over a reload, as the quickstart does. Default false: one for each page. */
  readonly claimsDevice?: boolean;
}

declare global {
  var bare: Bare;
}

interface Line {
  readonly who: string;
  readonly call: Call;
  readonly states: { state: Call['state']; at: number }[];
  readonly refused: string[];
  muteAskedBy: string | null;
}

let phone: Phone | null = null;
let deviceId = '';
const lines: Line[] = [];
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
  for (const { call, states } of lines) {
    if (states.at(-1)?.state === call.state) continue;
    states.push({ state: call.state, at: performance.timeOrigin + performance.now() });
  }
  listeners.forEach((listener) => listener());
}

function follow(call: Call): void {
  if (lines.some((line) => line.call === call)) return;
  const line: Line = { who: call.peer.userId, call, states: [], refused: [], muteAskedBy: null };
  lines.push(line);
  const remote = document.querySelector<HTMLVideoElement>('#remote')!;
  // The phone plays the sound.
  remote.muted = true;
  call.on('call.changed', changed);
  call.on('participant.changed', changed);
  call.on('call.ended', changed);
  call.on('stream.changed', () => {
    if (remote.srcObject !== call.remoteStream) remote.srcObject = call.remoteStream;
    changed();
  });
  call.on('call.refused', ({ code }) => {
    line.refused.push(code);
    changed();
  });
  call.on('call.mute-requested', ({ by }) => {
    line.muteAskedBy = by.userId;
    changed();
  });
  changed();
}

const find = (who: string | undefined): Line | undefined =>
  lines.filter((line) => who === undefined || line.who === who).at(-1);

function lineOf(who: string | undefined): Line {
  const line = find(who);
  if (line === undefined) throw new Error(`there is no call with ${who ?? 'anybody'}`);
  return line;
}

function describe(call: Call): readonly string[] {
  return call.participants
    .filter(({ self }) => !self)
    .map(({ userId, state, leftReason, muted, held }) =>
      [userId, state, leftReason, muted && 'muted', held && 'held'].filter(Boolean).join(' '),
    );
}

function snapshot(who?: string): CallSnapshot | null {
  const line = find(who);
  if (line === undefined) return null;
  const { call, refused, muteAskedBy } = line;
  const { id, direction, state, holding, muted, camera, peerMuted, peerCamera, end } = call;
  const { via, role, audioOutput } = call;
  return {
    id,
    direction,
    state,
    holding,
    muted,
    camera,
    peerMuted,
    peerCamera,
    peer: call.peer.userId,
    via,
    role,
    people: describe(call),
    refused,
    muteAskedBy,
    audioOutput,
    end,
  };
}

const participantOf = ({ call }: Line, userId: string): string =>
  call.participants.filter((each) => each.userId === userId).at(-1)?.id ?? userId;

function run(line: Line, asked: Asked): Promise<unknown> {
  const { call } = line;
  switch (asked.ask) {
    case 'swap':
      return call.swap();
    case 'invite':
      return call.invite(asked.to, { role: asked.role });
    case 'remove':
    case 'requestMute':
      return call[asked.ask](participantOf(line, asked.participant));
    case 'transfer':
      return call.transfer('to' in asked ? asked.to : lineOf(asked.call).call);
    case 'merge':
      return call.merge(lineOf(asked.call).call);
    case 'sendDtmf':
      return call.sendDtmf(asked.tones);
    case 'setAudioOutput':
      return call.setAudioOutput(asked.deviceId);
  }
}

/** Resolves with what was refused; null when it was done. */
async function refusalOf(promise: Promise<unknown>): Promise<Refused | null> {
  try {
    await promise;
    return null;
  } catch (thrown) {
    const { code, details } = thrown as RingfenceError;
    return { code, details: { ...details } };
  }
}

/** Everything, for the message of a wait that was in vain. */
const seen = (): unknown => ({
  phone: phone?.state,
  calls: lines.map(({ who, states }) => ({
    who,
    states: states.map(({ state }) => state),
    now: snapshot(who),
  })),
});
const untilTrue = async (what: string, isTrue: () => boolean): Promise<void> => {
  await when({ what, read: () => (isTrue() ? true : null), seen, listeners });
};

globalThis.bare = {
  async open(userId, { claimsDevice = false, ...options } = {}) {
    if (claimsDevice) ({ deviceId } = await claimDeviceId());
    phone = createPhone({
      url: `${location.origin.replace(/^http/, 'ws')}/v1/socket`,
      token: () => fetchToken(userId),
      tubes: new TubeRegistry(),
      ...(claimsDevice && { deviceId }),
      ...options,
    });
    phone.on('call.incoming', follow);
    phone.on('phone.changed', changed);
    phone.on('settings.changed', changed);
    await globalThis.bare.untilPhone('ready');
  },
  async dial(to, media) {
    follow(await phone!.dial(to, media));
  },
  tell: (what, who) => lineOf(who).call[what](),
  endForAll: (who) => lineOf(who).call.hangUp({ everyone: true }),
  accept: (media, who) => lineOf(who).call.accept(media),
  setCamera: (on, who) => lineOf(who).call.setCamera(on),
  ask: (asked, who) => refusalOf(run(lineOf(who), asked)),
  snapshot,
  until: (wanted, who) =>
    when({
      what: `${who ?? 'the newest call'}: ${JSON.stringify(wanted)}`,
      read: () => {
        const now = snapshot(who);
        if (now === null) return null;
        const entries = Object.entries(wanted) as [keyof CallSnapshot, unknown][];
        const isSo = entries.every(
          ([field, value]) => JSON.stringify(now[field]) === JSON.stringify(value),
        );
        return isSo ? now : null;
      },
      seen,
      listeners,
    }),
  untilPhone: (state) => untilTrue(`phone ${state}`, () => phone?.state === state),
  updateSettings: (change) => refusalOf(phone!.updateSettings(change)),
  untilSettings: (wanted) =>
    untilTrue(
      `settings ${JSON.stringify(wanted)}`,
      () => JSON.stringify(phone?.settings) === JSON.stringify(wanted),
    ),
  get phone() {
    return phone!;
  },
  get deviceId() {
    return deviceId;
  },
  get callCount() {
    return lines.length;
  },
  statesOf: (who) => find(who)?.states ?? [],
};
