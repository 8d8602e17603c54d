/* What a person does with the calls on their phone, whether or not it makes sense at the moment. */
import type { Random } from '@ringfence/base';
import { randomFraction, RingfenceError } from '@ringfence/base';
import type { Call, Phone } from '@ringfence/phone';
import { isAnswered, isHeldHere, ringsHere, short } from './call-watch.ts';
import { chance, pick, pickWeighted } from './chance.ts';
import type { Tally } from './tally.ts';

/** How likely a user does what, drawn anew for each user. */
export interface Mood {
  /** Mean time between two acts. */
  readonly paceMs: number;
  readonly dials: number;
  /** A further call while in one. */
  readonly dialsMore: number;
  readonly accepts: number;
  readonly declines: number;
  readonly hangsUp: number;
  /** Brings people in and out: invite, remove, transfer, merge. */
  readonly mixes: number;
  readonly settings: number;
}

/** Draws a mood. Some never hang up: their calls ring out, or end by the other side or a deadline. */
export function drawMood(random: Random): Mood {
  return {
    paceMs: pick(random, [150, 700, 2_500, 8_000]),
    dials: 0.2 + randomFraction(random) * 0.8,
    dialsMore: pick(random, [0, 0.05, 0.2]),
    accepts: pick(random, [0.05, 0.5, 0.9, 0.9]),
    declines: pick(random, [0, 0.05, 0.3]),
    hangsUp: pick(random, [0, 0, 0.02, 0.1, 0.3]),
    mixes: pick(random, [0.05, 0.3, 0.6]),
    settings: pick(random, [0, 0, 0.02, 0.1]),
  };
}

/** What a user has at hand. */
export interface Hands {
  readonly phone: Phone;
  readonly random: Random;
  readonly tally: Tally;
  readonly mood: Mood;
  /** Whom one may call, each as often as likely. Some are nobody. */
  readonly addresses: readonly string[];
  /** Every call this phone has shown. */
  calls(): readonly Call[];
  note(what: string): void;
  /** The phone shows a call that its user made. */
  shown(call: Call): void;
  /** Somebody is being dialed, and may dial back at the same moment. */
  dialed(userId: string): void;
  /** Something with an outcome of its own was asked; each outcome must come. */
  asked(work: Promise<unknown>): void;
}

/** One act. */
export function act(hands: Hands): void {
  const { random, mood } = hands;
  const live = hands.calls().filter((call) => call.state !== 'ended');
  if (chance(random, mood.settings)) return changeSettings(hands);
  if (live.length === 0 ? chance(random, mood.dials) : chance(random, mood.dialsMore)) {
    return dial(hands, pick(random, hands.addresses));
  }
  if (live.length === 0) return;
  const call = pick(random, live);
  if (chance(random, mood.hangsUp)) {
    const everyone = chance(random, 0.25);
    hands.note(`hangs up ${short(call)}${everyone ? ' for all' : ''}`);
    call.hangUp({ everyone });
  } else if (ringsHere(call)) answer(hands, call);
  else if (isAnswered(call) && chance(random, mood.mixes)) mix(hands, call);
  else fiddle(hands, call);
}

/** Dials, with video at times. */
export function dial(hands: Hands, to: string): void {
  const { random, phone, note, tally } = hands;
  const video = chance(random, 0.3);
  note(`dials ${to}${video ? ' with video' : ''}`);
  const wasRinging = new Set(phone.calls);
  const isMore = hands.calls().some(isAnswered);
  if (to.startsWith('user:')) hands.dialed(to.slice('user:'.length));
  // A dial that is refused for its arguments is an ending users meet, not a fault.
  phone.dial(to, { audio: true, video }).then(
    (call) => {
      if (wasRinging.has(call)) return tally.add('dialed who rings here');
      if (isMore) tally.add('dialed while talking');
      hands.shown(call);
    },
    (thrown: unknown) => note(`dial rejects ${codeOf(thrown)}`),
  );
}

/** Picks up, refuses, or lets it ring. */
export function answer({ random, mood, note, tally, calls }: Hands, call: Call): void {
  const draw = randomFraction(random);
  if (draw < mood.accepts) {
    note(`accepts ${short(call)}`);
    if (calls().some((other) => other !== call && isAnswered(other)))
      tally.add('accepted a second');
    call.accept();
  } else if (draw < mood.accepts + mood.declines) {
    note(`declines ${short(call)}`);
    call.decline();
  }
}

function changeSettings(hands: Hands): void {
  const { random, phone, addresses } = hands;
  const whom = (): string | null => (chance(random, 0.5) ? pick(random, addresses) : null);
  const change = pickWeighted<object>(random, [
    [2, { doNotDisturb: chance(random, 0.3) }],
    [1, { forwardOnBusy: whom() }],
    [1, { forwardOnNoAnswer: whom() }],
    [1, { doNotDisturb: false, forwardOnBusy: null, forwardOnNoAnswer: null }],
  ]);
  ask(hands, `settings ${JSON.stringify(change)}`, 'settings', () => phone.updateSettings(change));
}

/** Who is in the call, and who comes. */
function mix(hands: Hands, call: Call): void {
  const { random, addresses } = hands;
  const calls = hands.calls();
  const to = pick(random, addresses);
  const others = call.participants.filter(({ self }) => !self);
  const someone = others.length > 0 && chance(random, 0.95) ? pick(random, others).id : 'p99';
  const live = calls.filter((each) => each !== call && each.state !== 'ended');
  // At times a call that is over, or this one.
  const other = live.length > 0 && chance(random, 0.95) ? pick(random, live) : pick(random, calls);
  const two = live.length > 0 ? 3 : 0.2;
  const [what, work] = pickWeighted<readonly [string, () => Promise<unknown>]>(random, [
    [3, [`invite ${to}`, () => call.invite(to, { role: pick(random, ['member', 'guest']) })]],
    [1, [`remove ${someone}`, () => call.remove(someone)]],
    [1, [`request-mute ${someone}`, () => call.requestMute(someone)]],
    [1, [`transfer ${to}`, () => call.transfer(to)]],
    [two, [`attended ${short(other)}`, () => call.transfer(other)]],
    [two, [`merge ${short(other)}`, () => call.merge(other)]],
    [two, ['swap', () => call.swap()]],
  ]);
  ask(hands, `${what} in ${short(call)}`, what.split(' ')[0]!, work);
}

/** Asks for something that has an outcome, and counts what became of it. */
function ask(hands: Hands, what: string, name: string, work: () => Promise<unknown>): void {
  hands.note(`asks ${what}`);
  const outcome = work().then(
    () => {
      hands.note(`done ${what}`);
      hands.tally.add(`${name} done`);
    },
    (thrown: unknown) => {
      hands.note(`refused ${what}: ${codeOf(thrown)}`);
      hands.tally.add(`${name} ${codeOf(thrown)}`);
    },
  );
  hands.asked(outcome);
}

/** Anything a page lets one do with one's own side, whether or not it makes sense now. */
function fiddle(hands: Hands, call: Call): void {
  const { random, note } = hands;
  const name = pick(random, [
    'hold',
    'resume',
    'mute',
    'unmute',
    'camera on',
    'camera off',
    'accept',
    'decline',
  ] as const);
  note(`${name} ${short(call)}`);
  if (name === 'hold') call.hold();
  else if (name === 'resume') resume(hands, call);
  else if (name === 'mute') call.mute();
  else if (name === 'unmute') call.unmute();
  else if (name === 'camera on') call.setCamera(true);
  else if (name === 'camera off') call.setCamera(false);
  // Out of place on purpose, and rarely, for a decline may end the call.
  else if (chance(random, 0.1)) call[name]();
}

/** Like any page: who talks elsewhere swaps, so that one call is heard at a time. */
function resume(hands: Hands, call: Call): void {
  const isOn = (other: Call): boolean =>
    other !== call && other.state !== 'ended' && !ringsHere(other) && !isHeldHere(other);
  if (!hands.calls().some(isOn)) call.resume();
  else if (isHeldHere(call)) ask(hands, `swap to ${short(call)}`, 'swap', () => call.swap());
}

function codeOf(thrown: unknown): string {
  return thrown instanceof RingfenceError ? thrown.code : String(thrown);
}
