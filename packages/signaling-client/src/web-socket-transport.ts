import type { Connection, ConnectionEvents, Transport } from './transport.ts';

/** The part of the WebSocket of browsers and Node that the transport uses. */
interface Socket {
  readonly readyState: number;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

const open = 1;

function connect(url: string, subprotocol: string, events: ConnectionEvents): Connection {
  let socket: Socket;
  try {
    // Read when it is used, so that importing this file touches no global.
    const { WebSocket } = globalThis as unknown as {
      WebSocket: new (url: string, subprotocol: string) => Socket;
    };
    socket = new WebSocket(url, subprotocol);
  } catch {
    queueMicrotask(() => events.closed(1006, ''));
    return { send() {}, close() {} };
  }
  let isClosing = false;
  socket.onopen = () => events.opened();
  socket.onmessage = ({ data }) => {
    // A binary frame becomes an empty one: no frame of the wire, and refused where frames are read.
    if (!isClosing) events.message(typeof data === 'string' ? data : '');
  };
  // Nobody listens to `error`: `close` always follows it and says what can be said.
  socket.onclose = ({ code, reason }) => events.closed(code, reason);

  return {
    send(text) {
      // In the state CONNECTING the platform would throw.
      if (socket.readyState === open) socket.send(text);
    },
    close(code, reason) {
      isClosing = true;
      // Platforms let a page use 1000 and 3000 to 4999 only (WHATWG WebSockets section 3.1).
      if (code === 1000 || code >= 3000) socket.close(code, reason);
      else socket.close();
    },
  };
}

/**
 * The network of the platform: `globalThis.WebSocket`, as in browsers and Node 22 and later. Where
 * there is none, every connection is closed with 1006.
 */
export const webSocketTransport: Transport = { connect };
