/*
 * What a client sends, by name. Strict: a field that is not known is refused (P-205).
 *
 *   request { id, request, body }   answered once, by id
 *   notice  { notice, body }        not answered
 */
import { knownCalls, tokenLength } from './limits.ts';
import { anything, either, exact, flag, map, nullable, oneOf, optional, text } from './schema.ts';
import type { Output, Schema } from './schema.ts';
import { signalBody } from './signals.ts';
import {
  address,
  callId,
  commandId,
  deviceId,
  endCause,
  legId,
  mediaEpoch,
  seq,
  shortText,
  signalNumber,
} from './values.ts';

const token = text(tokenLength);
const onCall = exact({ callId });
/** As with an address: one that is in no call is not wrong, it is `participant_not_found` (P-827). */
const onParticipant = exact({ callId, participantId: shortText });
const setting = optional(nullable(address));

/** What a client may ask for. Each is answered once, by `id` (P-401). */
export const requests = {
  /** First message of a connection: who, on which device, and what it knows already (P-301). */
  hello: exact({
    token,
    device: deviceId,
    /** Name and version of the client, for logs. */
    client: optional(shortText),
    /** Takes further calls while in one. Default true. */
    callWaiting: optional(flag),
    /** The newest `seq` of each call the client knows (P-303). */
    known: optional(map(callId, seq, knownCalls)),
  }),
  /** A fresh token for the same user, before the old one expires (P-306). */
  'token.refresh': exact({ token }),
  'call.dial': exact({ callId, to: address, media: exact({ audio: flag, video: flag }) }),
  'call.ring': onCall,
  'call.accept': onCall,
  'call.decline': exact({ callId, busy: optional(flag) }),
  'call.hang-up': exact({
    callId,
    cause: optional(endCause),
    dialed: optional(flag),
    everyone: optional(flag),
  }),
  'call.media': exact({ callId, mediaEpoch, legId, connected: flag }),
  'call.update': exact({
    callId,
    held: optional(flag),
    muted: optional(flag),
    camera: optional(flag),
  }),
  'call.invite': exact({ callId, to: address, role: optional(oneOf('member', 'guest')) }),
  'call.remove': onParticipant,
  'call.request-mute': onParticipant,
  /** To somebody who is not in a call with this user (blind), or to the others of a call (attended). */
  'call.transfer': either({ callId }, { to: address, toCallId: callId }),
  'call.merge': exact({ callId, fromCallId: callId }),
  /** The events after `afterSeq`, or a snapshot where there are too many (P-505). */
  'call.sync': exact({ callId, afterSeq: seq }),
  /** STUN and TURN servers for one call, with credentials for it. */
  'call.ice-servers': onCall,
  /** Sets what is named, and leaves the rest of the user's settings as it is (P-851). */
  'settings.update': exact({
    doNotDisturb: optional(flag),
    forwardOnBusy: setting,
    forwardOnNoAnswer: setting,
  }),
} as const satisfies Record<string, Schema>;

/** What a client says without waiting for an answer. */
export const notices = {
  /** Answers a beat (P-602). */
  beat: exact({ n: seq }),
  /** To one other leg of the call, end to end (P-701). */
  signal: exact({
    callId,
    mediaEpoch,
    toLeg: legId,
    /** Counts from 1 for each sender, receiver and epoch (P-702). */
    n: signalNumber,
    /** The receiver holds the signal until it knows the call up to this event (P-703). */
    afterSeq: seq,
    body: signalBody,
  }),
  /** Every signal up to `n` has arrived (P-704). */
  'signal.ack': exact({ callId, mediaEpoch, toLeg: legId, n: signalNumber }),
} as const satisfies Record<string, Schema>;

/** The outside of a frame (P-203). The body is checked apart, by name. */
export const requestFrame = exact({ id: commandId, request: text(64), body: anything });
/** See {@link requestFrame}. */
export const noticeFrame = exact({ notice: text(64), body: anything });

/** The name of a request of this version. */
export type RequestName = keyof typeof requests;
/** The name of a notice of this version. */
export type NoticeName = keyof typeof notices;
/** What the request `Name` asks. */
export type RequestBody<Name extends RequestName> = Output<(typeof requests)[Name]>;
/** What the notice `Name` says. */
export type NoticeBody<Name extends NoticeName> = Output<(typeof notices)[Name]>;

/** A signal as its sender writes it (P-701). */
export type SentSignal = NoticeBody<'signal'>;
/** An acknowledgement as its sender writes it (P-704). */
export type SentAcknowledgement = NoticeBody<'signal.ack'>;

/** The requests that change a call. Their `id` makes them idempotent (P-405). */
export type CommandName = Exclude<
  RequestName,
  'hello' | 'token.refresh' | 'call.sync' | 'call.ice-servers' | 'settings.update'
>;

/** True for the name of a request of this version (P-207). */
export function isRequestName(name: string): name is RequestName {
  return Object.hasOwn(requests, name);
}

export function isNoticeName(name: string): name is NoticeName {
  return Object.hasOwn(notices, name);
}
