/*
 * What a server sends, by name. Open: a field that is not known passes unread (P-205).
 *
 *   answer { id, ok } or { id, error }
 *   event  { event, body }
 */
import { callEvent, callFacts } from './call-messages.ts';
import type { RequestName } from './client-messages.ts';
import { anything, flag, list, map, oneOf, open, optional, text } from './schema.ts';
import type { Output, Schema } from './schema.ts';
import { signalBody } from './signals.ts';
import {
  callId,
  commandId,
  durationMs,
  iceServer,
  legId,
  mediaEpoch,
  seq,
  settings,
  shortText,
  signalNumber,
  time,
  userId,
} from './values.ts';

/** How a call is brought up to date: its missed events, or all of its facts (P-505). */
const catchUp = open({
  callId,
  events: optional(list(callEvent)),
  snapshot: optional(callFacts),
  /** True when the call is not to be found: forget it. */
  gone: optional(flag),
});

/** What a command answers: the `seq` reached, and the events it made (P-503). */
const commandAnswer = open({ callId, seq, events: list(callEvent) });

/** What a request that is no command answers when it succeeds. */
const otherAnswers = {
  hello: open({
    session: shortText,
    userId,
    orgId: shortText,
    /** The server's time, to place deadlines on the client's clock. */
    now: time,
    /** How often the server beats (P-601). */
    beatMs: durationMs,
    /** After an unexplained close, wait a random part of this before coming back (P-109). */
    reconnectSpreadMs: durationMs,
    /** When the token expires; missing when it does not. */
    tokenExpiresAt: optional(time),
    /** Do not disturb and forwarding, as the user set them (P-852). */
    settings,
    calls: list(catchUp),
  }),
  'token.refresh': open({ tokenExpiresAt: optional(time) }),
  'call.sync': catchUp,
  'call.ice-servers': open({ iceServers: list(iceServer, 16), expiresAt: optional(time) }),
  'settings.update': settings,
} as const satisfies Partial<Record<RequestName, Schema>>;

type OtherAnswers = typeof otherAnswers;

/** The schema of what the request `name` answers when it succeeds. */
export function answerOf<Name extends RequestName>(name: Name): Schema<AnswerBody<Name>> {
  const other = otherAnswers as Partial<Record<RequestName, Schema>>;
  return (other[name] ?? commandAnswer) as Schema<AnswerBody<Name>>;
}

/** What a server says by itself. */
export const events = {
  /** A sign of life, with the newest `seq` of each live call of the device (P-601). */
  beat: open({ n: seq, calls: map(callId, seq) }),
  'call.events': open({ callId, events: list(callEvent) }),
  /** From one other leg, with `fromLeg` in place of the `toLeg` that was sent (P-701). */
  signal: open({
    callId,
    mediaEpoch,
    fromLeg: legId,
    n: signalNumber,
    afterSeq: seq,
    body: signalBody,
  }),
  'signal.ack': open({ callId, mediaEpoch, fromLeg: legId, n: signalNumber }),
  /** The token expires soon: refresh it in place (P-306). */
  'token.expiring': open({ expiresAt: time }),
  /** The user's settings, changed on any of their devices (P-852). */
  'settings.changed': settings,
} as const satisfies Record<string, Schema>;

/** An error as an answer carries it (P-404). */
export const answerError = open({
  code: text(64),
  message: text(1_024),
  /** Who has to act on it. */
  fault: optional(oneOf('caller', 'peer', 'network', 'device', 'server', 'internal')),
  /** True when the same request may succeed later without a change. */
  retryable: optional(flag),
  /** What the reader can do about it. */
  hint: optional(text(1_024, 0)),
  retryAfterMs: optional(durationMs),
  details: optional(map(text(64, 0), anything, 64)),
});

/** The outside of a frame (P-203). The body is checked apart, by name. */
export const answerFrame = open({
  id: commandId,
  ok: optional(anything),
  error: optional(answerError),
});
/** See {@link answerFrame}. */
export const eventFrame = open({ event: text(64), body: anything });

/** The name of an event of this version. */
export type EventName = keyof typeof events;
/** What the request `Name` answers when it succeeds. */
export type AnswerBody<Name extends RequestName> = Name extends keyof OtherAnswers
  ? Output<OtherAnswers[Name]>
  : CommandAnswer;
/** What the event `Name` says. */
export type EventBody<Name extends EventName> = Output<(typeof events)[Name]>;
/** A signal as its receiver reads it (P-701). */
export type ReceivedSignal = EventBody<'signal'>;
/** An acknowledgement as its receiver reads it (P-704). */
export type ReceivedAcknowledgement = EventBody<'signal.ack'>;
/** How a call is brought up to date (P-505). */
export type CatchUp = Output<typeof catchUp>;
/** What a command answers (P-503). */
export type CommandAnswer = Output<typeof commandAnswer>;
/** A STUN or TURN server, as `RTCIceServer` has it. */
export type IceServer = Output<typeof iceServer>;

/** True for the name of an event of this version (P-207). */
export function isEventName(name: string): name is EventName {
  return Object.hasOwn(events, name);
}
