/** What a connection tells its owner. Nothing comes before `connect` has returned. */
export interface ConnectionEvents {
  /** The connection stands and speaks the asked subprotocol. */
  opened(): void;
  /** A text frame arrived. None comes after the owner has called `close`. */
  message(text: string): void;
  /**
   * The connection ended, or never came to stand. Comes once, and nothing comes after it. `code`
   * is 1006 when nobody said why (RFC 6455 section 7.1.5).
   */
  closed(code: number, reason: string): void;
}

/** One connection of a transport. Its methods never throw. */
export interface Connection {
  /** Sends a text frame, in order. Dropped while the connection does not stand. */
  send(text: string): void;
  /**
   * Ends it, after what was sent before. `closed` follows, at once or later; over a dead network it
   * may take minutes. A code that the platform forbids is left out.
   */
  close(code: number, reason: string): void;
}

/**
 * The port to the network. Adapters: `webSocketTransport`, and the memory transport of the
 * `testing` subpath. Each passes `transportConformance`, and so should a host's own.
 */
export interface Transport {
  /** Starts a connection. Never throws: a URL that cannot be used is `closed` with 1006. */
  connect(url: string, subprotocol: string, events: ConnectionEvents): Connection;
}
