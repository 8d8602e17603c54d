import { wireError } from './codes.ts';
import type { WireError } from './codes.ts';
import {
  isNoticeName,
  isRequestName,
  noticeFrame,
  notices,
  requestFrame,
  requests,
} from './client-messages.ts';
import type { NoticeBody, NoticeName, RequestBody, RequestName } from './client-messages.ts';
import { answerFrame, answerOf, eventFrame, events, isEventName } from './server-messages.ts';
import type { AnswerBody, CommandAnswer, EventBody, EventName } from './server-messages.ts';
import { commandId } from './values.ts';

/** A request that was read, and whose body holds what its schema says (P-203). */
export type Request = {
  [Name in RequestName]: {
    readonly kind: 'request';
    readonly id: string;
    readonly name: Name;
    readonly body: RequestBody<Name>;
  };
}[RequestName];

/** A notice that was read and checked. It is not answered (P-203). */
export type Notice = {
  [Name in NoticeName]: {
    readonly kind: 'notice';
    readonly name: Name;
    readonly body: NoticeBody<Name>;
  };
}[NoticeName];

/** An event that was read and checked (P-203). */
export type Event = {
  [Name in EventName]: {
    readonly kind: 'event';
    readonly name: Name;
    readonly body: EventBody<Name>;
  };
}[EventName];

/** An answer that was read: `ok` or `error`, never both (P-203). */
export interface Answer {
  readonly kind: 'answer';
  readonly id: string;
  /** The body as it came; read it with {@link readAnswerBody} of the request it belongs to. */
  readonly ok?: unknown;
  readonly error?: WireError | undefined;
}

/** A request that can be answered with an error: its id was readable. */
export interface RefusedRequest {
  readonly kind: 'refused';
  readonly id: string;
  readonly error: WireError;
}

/** A frame that cannot be answered: the connection closes with `CLOSE.invalidFrame`. */
export interface Unreadable {
  readonly kind: 'unreadable';
}

const unreadable: Unreadable = { kind: 'unreadable' };

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Reads a frame that a client sent. Never throws. */
export function readClientFrame(text: string): Request | Notice | RefusedRequest | Unreadable {
  const frame = parseJson(text);
  if (typeof frame !== 'object' || !frame) return unreadable;
  return 'notice' in frame ? readNotice(frame) : readRequest(frame);
}

function readNotice(frame: { readonly notice?: unknown; readonly body?: unknown }) {
  if (noticeFrame.fault(frame) !== undefined) return unreadable;
  const name = frame.notice as string;
  if (!isNoticeName(name) || notices[name].fault(frame.body) !== undefined) return unreadable;
  return { kind: 'notice', name, body: frame.body } as Notice;
}

function readRequest(frame: {
  readonly id?: unknown;
  readonly request?: unknown;
  readonly body?: unknown;
}): Request | RefusedRequest | Unreadable {
  const fault = requestFrame.fault(frame);
  const id = frame.id as string;
  if (fault !== undefined) {
    // A readable id lets the client hear what is wrong; without one there is nobody to tell (P-204).
    return commandId.fault(id) === undefined ? refusedAt(id, fault) : unreadable;
  }
  const name = frame.request as string;
  if (!isRequestName(name)) return { kind: 'refused', id, error: wireError('unknown_request') };
  const bodyFault = requests[name].fault(frame.body);
  if (bodyFault !== undefined) {
    return refusedAt(id, bodyFault === '' ? 'body' : `body.${bodyFault}`);
  }
  return { kind: 'request', id, name, body: frame.body } as Request;
}

/** P-403. */
function refusedAt(id: string, path: string): RefusedRequest {
  return { kind: 'refused', id, error: wireError('invalid_request', { details: { path } }) };
}

/**
 * Reads a frame that a server sent. Never throws. An event this version does not know is
 * `unknown`, and is to be ignored (P-206).
 */
export function readServerFrame(text: string): Answer | Event | { kind: 'unknown' } | Unreadable {
  // What is no object has no fields.
  const frame = Object(parseJson(text)) as {
    readonly id?: unknown;
    readonly ok?: unknown;
    readonly error?: unknown;
    readonly event?: unknown;
    readonly body?: unknown;
  };
  if ('event' in frame) {
    if (eventFrame.fault(frame) !== undefined) return unreadable;
    const name = frame.event as string;
    if (!isEventName(name)) return { kind: 'unknown' };
    if (events[name].fault(frame.body) !== undefined) return unreadable;
    return { kind: 'event', name, body: frame.body } as Event;
  }
  if (answerFrame.fault(frame) !== undefined) return unreadable;
  const { id, ok, error } = frame as Answer;
  if (error) return { kind: 'answer', id, error };
  return 'ok' in frame ? { kind: 'answer', id, ok } : unreadable;
}

/** Reads the body of an answer to `name`. Null when the server broke its contract. */
export function readAnswerBody<Name extends RequestName>(
  name: Name,
  value: unknown,
): AnswerBody<Name> | null {
  return answerOf(name).fault(value) === undefined ? (value as AnswerBody<Name>) : null;
}

/** Writes a request. Its body is not checked here: its type is. */
export function writeRequest<Name extends RequestName>(
  id: string,
  name: Name,
  body: RequestBody<Name>,
): string {
  return JSON.stringify({ id, request: name, body });
}

/** Writes a notice. */
export function writeNotice<Name extends NoticeName>(name: Name, body: NoticeBody<Name>): string {
  return JSON.stringify({ notice: name, body });
}

/** Writes the answer to the request `_name`, which only ties the body to its type. */
export function writeAnswer<Name extends RequestName>(
  id: string,
  _name: Name,
  ok: AnswerBody<Name>,
): string {
  return JSON.stringify({ id, ok });
}

/**
 * Writes the two frames of one change (P-503): the answer to who commanded and the event to the
 * others. The events, which are most of both, are written once.
 */
export function writeChange(
  id: string,
  { callId, seq, events: changes }: CommandAnswer,
): { readonly answer: string; readonly event: string } {
  // Ids are checked against their patterns as they come in, and hold nothing to escape.
  const text = JSON.stringify(changes);
  return {
    answer: `{"id":"${id}","ok":{"callId":"${callId}","seq":${seq},"events":${text}}}`,
    event: `{"event":"call.events","body":{"callId":"${callId}","events":${text}}}`,
  };
}

/** Writes the answer that a request was refused. */
export function writeError(id: string, error: WireError): string {
  return JSON.stringify({ id, error });
}

/** Writes an event. */
export function writeEvent<Name extends EventName>(name: Name, body: EventBody<Name>): string {
  return JSON.stringify({ event: name, body });
}
