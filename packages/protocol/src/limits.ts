/** The WebSocket subprotocol: name and major version of the wire (P-101). */
export const SUBPROTOCOL = 'ringfence.1';

/*
 * Each bound that a client or a schema reads is a constant of its own, so that a bundle holds only
 * those it uses.
 */

/** The largest frame, in bytes of UTF-8. Larger closes with 1009 (P-202). */
export const frameBytes = 65_536;
/** The longest SDP, in UTF-16 code units (P-708). */
export const sdpLength = 49_152;
/** The longest ICE candidate line, in UTF-16 code units. */
export const candidateLength = 1_024;
/** The most candidates in one signal (P-708). A signal full of them still fits a frame. */
export const candidatesPerSignal = 32;
/** The longest token, in UTF-16 code units. */
export const tokenLength = 8_192;
/** The most calls a client may name when it resumes (P-303). */
export const knownCalls = 64;

/** All bounds of the wire. A client may rely on them; a server closes or refuses beyond them. */
export const LIMITS = {
  frameBytes,
  sdpLength,
  candidateLength,
  candidatesPerSignal,
  tokenLength,
  knownCalls,
  /** The most events sent to catch a client up; beyond it gets a snapshot (P-505). */
  catchUpEvents: 200,
  /** How long a connection may stay without `hello`, in milliseconds (P-301). */
  helloMs: 5_000,
} as const;
