/** The WebSocket subprotocol: name and major version of the wire (P-101). */
export const SUBPROTOCOL = 'ringfence.1';

export const sdpLength = 49_152;
export const candidateLength = 1_024;
export const candidatesPerSignal = 32;
export const tokenLength = 8_192;
export const knownCalls = 64;

/**
 * Bounds of the wire. A client may rely on them; a server closes or refuses beyond them. The
 * schemas read the constants above one by one, so that a bundle holds only those it uses.
 */
export const LIMITS = {
  /** The largest frame, in bytes of UTF-8. Larger closes with 1009 (P-202). */
  frameBytes: 65_536,
  /** The longest SDP, in UTF-16 code units (P-708). */
  sdpLength,
  /** The longest ICE candidate line, in UTF-16 code units. */
  candidateLength,
  /** The most candidates in one signal (P-708). A signal full of them still fits a frame. */
  candidatesPerSignal,
  /** The longest token, in UTF-16 code units. */
  tokenLength,
  /** The most calls a client may name when it resumes (P-303). */
  knownCalls,
  /** The most events sent to catch a client up; beyond it gets a snapshot (P-505). */
  catchUpEvents: 200,
  /** How long a connection may stay without `hello`, in milliseconds (P-301). */
  helloMs: 5_000,
} as const;
