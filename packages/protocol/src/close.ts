/*
 * Each close code that a client names is a constant of its own, so that a bundle holds only those
 * it uses.
 */

/** The client or the server is done. */
export const closeNormal = 1000;
/** A frame that is no JSON, or no request and no notice. */
export const closeInvalidFrame = 1007;
/** The server is full; come back later. */
export const closeOverloaded = 1013;
/** The token is bad or has expired: get a fresh one first. */
export const closeUnauthorized = 4001;
/** Another connection of the same device took over. Do not come back by yourself. */
export const closeReplaced = 4009;
/** The client sends too much. */
export const closeFlood = 4029;

/** Why the server closed a connection, and what the client does about it. */
export const CLOSE = {
  normal: closeNormal,
  /** A binary frame: frames are text. */
  unsupportedData: 1003,
  invalidFrame: closeInvalidFrame,
  /** A frame over the size limit. */
  tooLarge: 1009,
  /** Something broke on the server. */
  internal: 1011,
  /** The server is going away; come back after a spread delay. */
  restart: 1012,
  overloaded: closeOverloaded,
  /** No `hello` in time. */
  helloTimeout: 4000,
  unauthorized: closeUnauthorized,
  /** Something other than `hello` came first, or `hello` came twice. */
  outOfOrder: 4002,
  /** The client reads too slowly. */
  tooSlow: 4008,
  replaced: closeReplaced,
  flood: closeFlood,
} as const;
