import type { CommandRequest } from './command.ts';
import type { Session } from './session.ts';

/** Something to do about a call. The jobs of one call run one after the other. */
export type CallJob =
  /** A user's command, to be answered on its session. */
  | { readonly kind: 'command'; readonly session: Session; readonly request: CommandRequest }
  /** Writes down whether a device is connected, as it is when the job runs. */
  | { readonly kind: 'presence'; readonly userId: string; readonly deviceId: string }
  /** Acts on the deadlines that have passed. */
  | { readonly kind: 'deadline' }
  /** Reads what other instances wrote, and tells the sessions of this one. */
  | { readonly kind: 'pull' };
