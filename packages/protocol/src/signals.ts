import { candidateLength, candidatesPerSignal, sdpLength } from './limits.ts';
import { exact, list, matching, nullable, open, optional, tagged, text, whole } from './schema.ts';
import type { Output } from './schema.ts';
import { callId, legId, mediaEpoch, seq, signalNumber } from './values.ts';

/** A session description starts with its version line (RFC 8866 section 5.1). */
const sdp = matching(/^v=0\r?\n/, sdpLength);

const candidate = exact({
  /** Empty at the end of candidates. */
  candidate: text(candidateLength, 0),
  sdpMid: optional(nullable(text(64, 0))),
  sdpMLineIndex: optional(nullable(whole(0, 255))),
  usernameFragment: optional(nullable(text(256, 0))),
});

/** What two legs tell each other to connect media (RFC 8829, RFC 8839). P-708. */
export const signalBody = tagged(
  'kind',
  exact,
  {},
  {
    offer: { sdp },
    answer: { sdp },
    candidates: { candidates: list(candidate, candidatesPerSignal) },
  },
);
/** What a signal carries: a description or candidates (P-708). */
export type SignalBody = Output<typeof signalBody>;
/** One ICE candidate, as `RTCIceCandidateInit` has it. */
export type SignalCandidate = Output<typeof candidate>;

/* @__NO_SIDE_EFFECTS__ */
function signal<Side extends 'toLeg' | 'fromLeg'>(make: typeof open, side: Side) {
  const fields = {
    callId,
    mediaEpoch,
    /** Counts from 1 for each sender, receiver and epoch (P-702). */
    n: signalNumber,
    /** The receiver holds the signal until it knows the call up to this event (P-703). */
    afterSeq: seq,
    body: signalBody,
  };
  return make({ ...fields, [side]: legId } as typeof fields & Record<Side, typeof legId>);
}

/* @__NO_SIDE_EFFECTS__ */
function acknowledgement<Side extends 'toLeg' | 'fromLeg'>(make: typeof open, side: Side) {
  /** `n`: every signal up to this number has arrived (P-704). */
  const fields = { callId, mediaEpoch, n: signalNumber };
  return make({ ...fields, [side]: legId } as typeof fields & Record<Side, typeof legId>);
}

export const sentSignal = signal(exact, 'toLeg');
export const receivedSignal = signal(open, 'fromLeg');
export const sentAcknowledgement = acknowledgement(exact, 'toLeg');
export const receivedAcknowledgement = acknowledgement(open, 'fromLeg');

/** A signal as its sender writes it (P-701). */
export type SentSignal = Output<typeof sentSignal>;
/** A signal as its receiver reads it (P-701). */
export type ReceivedSignal = Output<typeof receivedSignal>;
/** An acknowledgement as its sender writes it (P-704). */
export type SentAcknowledgement = Output<typeof sentAcknowledgement>;
/** An acknowledgement as its receiver reads it (P-704). */
export type ReceivedAcknowledgement = Output<typeof receivedAcknowledgement>;

/**
 * True when a signal with this body may cross the wire. Ask before sending: a body that the wire
 * refuses would close the whole connection (P-708).
 */
export function isSignalBody(value: unknown): value is SignalBody {
  return signalBody.fault(value) === undefined;
}
