export { callMachine } from './machine.ts';
export { resolveCallTuning } from './tuning.ts';
export { callView } from './view.ts';

export type {
  CallContext,
  CallEmitted,
  CallEnd,
  CallEndReason,
  CallEvent,
  CallInput,
  IncomingInput,
  OutgoingInput,
  PortThrew,
  UserEvent,
} from './context.ts';
export type { CallActor, CallSnapshot, MachineState } from './machine.ts';
export type {
  CallCommand,
  Media,
  MediaConnect,
  MediaControl,
  MediaReport,
  Signaling,
  SignalingReport,
} from './ports.ts';
export type { CallTuning } from './tuning.ts';
export type { CallView, Holding, ViewState } from './view.ts';
