export {
  CLOSE,
  closeFlood,
  closeInvalidFrame,
  closeNormal,
  closeOverloaded,
  closeReplaced,
  closeUnauthorized,
} from './close.ts';
export { errorFromWire, errorTexts, wireError } from './codes.ts';
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
export {
  candidateLength,
  candidatesPerSignal,
  frameBytes,
  knownCalls,
  LIMITS,
  sdpLength,
  SUBPROTOCOL,
  tokenLength,
} from './limits.ts';
export { isRequestName, notices, requests } from './client-messages.ts';
export { answerOf, events } from './server-messages.ts';
export { isSignalBody } from './signals.ts';

export type { ErrorCode, WireCode, WireError } from './codes.ts';
export type { Answer, Event, Notice, RefusedRequest, Request, Unreadable } from './codec.ts';
export type {
  CommandName,
  NoticeBody,
  NoticeName,
  RequestBody,
  RequestName,
  SentAcknowledgement,
  SentSignal,
} from './client-messages.ts';
export type {
  AnswerBody,
  CatchUp,
  CommandAnswer,
  EventBody,
  EventName,
  IceServer,
  ReceivedAcknowledgement,
  ReceivedSignal,
} from './server-messages.ts';
export type { Schema } from './schema.ts';
export type { SignalBody, SignalCandidate } from './signals.ts';
