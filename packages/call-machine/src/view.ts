import { parseAddress } from '@ringfence/call-rules';
import type { Address, MediaKinds } from '@ringfence/call-rules';
import type { CallContext, CallEnd } from './context.ts';
import type { MachineState } from './machine.ts';
import { peerLeg } from './reading.ts';

/**
 * The state of a call as its user sees it.
 *
 * ```
 * outgoing: preparing ─▶ dialing ─▶ ringing ─┐
 * incoming:            ringing ─▶ accepting ─┴▶ connecting ─▶ active ⇄ reconnecting ─▶ ended
 * ```
 *
 * Any state may go to `ended`.
 */
export type ViewState =
  | 'preparing'
  | 'dialing'
  | 'ringing'
  | 'accepting'
  | 'connecting'
  | 'active'
  | 'reconnecting'
  | 'ended';

/** Who holds the call. Nothing is sent or played while anyone does. */
export type Holding = 'none' | 'local' | 'remote' | 'both';

/** What a user sees of a call. Plain data; two views of the same snapshot are equal. */
export interface CallView {
  readonly callId: string;
  readonly direction: 'outgoing' | 'incoming';
  readonly state: ViewState;
  readonly peer: { readonly address: Address; readonly userId: string };
  /** What the call carries: as dialed, or as accepted here. */
  readonly media: MediaKinds;
  readonly holding: Holding;
  readonly muted: boolean;
  /** True while this side means to send video. */
  readonly camera: boolean;
  readonly peerMuted: boolean;
  readonly peerCamera: boolean;
  /**
   * How the call ended; null before. From the moment the user hung up until the server's word is
   * in it says what this side believes; `output` of the finished machine is the last word.
   */
  readonly end: CallEnd | null;
}

const holdings: readonly Holding[] = ['none', 'local', 'remote', 'both'];

function viewState(state: MachineState, { direction }: CallContext): ViewState {
  if (state === 'ending') return 'ended';
  if (state === 'starting') return direction === 'incoming' ? 'ringing' : 'preparing';
  return state;
}

/** Reads a snapshot of the call machine. */
export function callView(snapshot: {
  readonly value: MachineState;
  readonly context: CallContext;
}): CallView {
  const { context, value } = snapshot;
  const peer = peerLeg(context.facts, context.legId);
  return {
    callId: context.callId,
    direction: context.direction,
    state: viewState(value, context),
    peer: { address: context.peer, userId: parseAddress(context.peer)?.id ?? '' },
    media: context.kinds,
    holding: holdings[(context.held ? 1 : 0) + (peer?.held ? 2 : 0)]!,
    muted: context.muted,
    camera: context.camera,
    peerMuted: peer?.muted ?? false,
    peerCamera: peer?.camera ?? false,
    end: context.end,
  };
}
