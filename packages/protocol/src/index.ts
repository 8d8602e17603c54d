export { CLOSE, errorFromWire, errorTexts, wireError } from './codes.ts';
export {
  readAnswerBody,
  readClientFrame,
  readServerFrame,
  writeAnswer,
  writeChange,
  writeError,
  writeEvent,
  writeNotice,
  writeRequest,
} from './codec.ts';
export { LIMITS, SUBPROTOCOL } from './limits.ts';
export { isRequestName, notices, requests } from './client-messages.ts';
export { answers, events } from './server-messages.ts';
export { isSignalBody } from './signals.ts';

export type { ErrorCode, WireCode, WireError } from './codes.ts';
export type { Answer, Event, Notice, RefusedRequest, Request, Unreadable } from './codec.ts';
export type {
  CommandName,
  NoticeBody,
  NoticeName,
  RequestBody,
  RequestName,
} from './client-messages.ts';
export type {
  AnswerBody,
  CatchUp,
  CommandAnswer,
  EventBody,
  EventName,
  IceServer,
} from './server-messages.ts';
export type { Schema } from './schema.ts';
export type {
  ReceivedAcknowledgement,
  ReceivedSignal,
  SentAcknowledgement,
  SentSignal,
  SignalBody,
  SignalCandidate,
} from './signals.ts';
