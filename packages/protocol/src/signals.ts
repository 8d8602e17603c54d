import { candidateLength, candidatesPerSignal, sdpLength } from './limits.ts';
import { exact, list, nullable, optional, tagged, text, whole } from './schema.ts';
import type { Output } from './schema.ts';

/** A session description starts with its version line (RFC 8866 section 5.1). */
const sdp = text(sdpLength, 1, /^v=0\r?\n/);

const candidate = exact({
  /** Empty at the end of candidates. */
  candidate: text(candidateLength, 0),
  sdpMid: optional(nullable(text(64, 0))),
  sdpMLineIndex: optional(nullable(whole(255))),
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

/**
 * True when a signal with this body may cross the wire. Ask before sending: a body that the wire
 * refuses would close the whole connection (P-708).
 */
export function isSignalBody(value: unknown): value is SignalBody {
  return signalBody.fault(value) === undefined;
}
