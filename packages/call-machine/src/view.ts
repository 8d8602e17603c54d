import { parseAddress } from '@ringfence/call-rules';
import type { Address, MediaKinds, Role, Via } from '@ringfence/call-rules';
import type { CallContext, PendingRequest } from './context.ts';
import type { CallEnd } from './end.ts';
import type { MachineState } from './machine.ts';
import { viewParticipants } from './participants.ts';
import type { ParticipantView } from './participants.ts';
import { otherLegs, ownParticipant } from './reading.ts';

/**
 * The state of a call as its user sees it.
 *
 * ```
 * outgoing: preparing ─▶ dialing ─▶ ringing ─┐
 * incoming:            ringing ─▶ accepting ─┴▶ connecting ─▶ active ⇄ reconnecting ─▶ ended
 * ```
 *
 * Any state may go to `ended`. Who is left behind by a transfer goes back to `ringing`, and who is
 * put through to somebody new to `connecting`.
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

/**
 * Who holds the call; `remote` when all others do. Nothing is sent or played between two while
 * either holds.
 */
export type Holding = 'none' | 'local' | 'remote' | 'both';

/** What a user sees of a call. Plain data; two views of the same snapshot are equal. */
export interface CallView {
  readonly callId: string;
  readonly direction: 'outgoing' | 'incoming';
  readonly state: ViewState;
  /**
   * Whom the call is with: the first other one in it, else the first on the way, else the last who
   * was. As dialed, at first. In a room see `participants`.
   */
  readonly peer: { readonly address: Address; readonly userId: string };
  /** Everyone, this user first, then in the order they came. Empty until the dial is answered. */
  readonly participants: readonly ParticipantView[];
  /** This user's role, and with it what they may do. */
  readonly role: Role;
  /** How the call came here: dialed, or by an invitation, a transfer, a forwarding or a return. */
  readonly via: Via;
  /** What the user asked for and the server has not answered yet. */
  readonly requests: readonly PendingRequest[];
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

/** Reads a snapshot of the call machine. */
export function callView(snapshot: {
  readonly value: MachineState;
  readonly context: CallContext;
}): CallView {
  const { context, value } = snapshot;
  const { facts, legId } = context;
  const others = otherLegs(facts, legId);
  const peer = others[0];
  const self = ownParticipant(facts, legId);
  const isHeldThere = peer !== undefined && others.every(({ held }) => held);
  return {
    callId: context.callId,
    direction: context.direction,
    // `starting` is left before anybody sees it.
    state: value === 'ending' ? 'ended' : (value as ViewState),
    peer: { address: context.peer, userId: parseAddress(context.peer)?.id ?? '' },
    participants: viewParticipants(context),
    role: self?.role ?? 'moderator',
    via: self?.via ?? 'dial',
    requests: context.requests,
    media: context.kinds,
    holding: holdings[(context.held ? 1 : 0) + (isHeldThere ? 2 : 0)]!,
    muted: context.muted,
    camera: context.camera,
    peerMuted: peer?.muted ?? false,
    peerCamera: peer?.camera ?? false,
    end: context.end,
  };
}
