export { callMachine } from './machine.ts';
export { resolveCallTuning } from './tuning.ts';
export { callView } from './view.ts';

export type {
  CallContext,
  CallEmitted,
  CallEvent,
  CallInput,
  IncomingInput,
  MuteRequested,
  OutgoingInput,
  PendingRequest,
  PortThrew,
  UserEvent,
} from './context.ts';
export type { CallEnd, CallEndReason } from './end.ts';
export type { CallActor, CallSnapshot, MachineState } from './machine.ts';
export type {
  CallCommand,
  CallRequest,
  Media,
  MediaConnect,
  MediaControl,
  MediaReport,
  Signaling,
  SignalingReport,
} from './ports.ts';
export type { ParticipantView } from './participants.ts';
export type { CallTuning } from './tuning.ts';
export type { CallView, Holding, ViewState } from './view.ts';
