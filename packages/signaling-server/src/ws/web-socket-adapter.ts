import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { RawData, ServerOptions, WebSocket } from 'ws';
import { numberOption, optionError, silentLogger } from '@ringfence/base';
import type { Logger } from '@ringfence/base';
import { CLOSE, LIMITS, SUBPROTOCOL } from '@ringfence/protocol';
import type { SignalingServer } from '../server.ts';

/** An `Origin` header may be as long as its sender likes; a log line may not. */
const loggedOriginLength = 200;

/** What tunes the adapter. Every field has a default. */
export interface WebSocketAdapterOptions {
  /** Where the WebSocket is served. Default `/v1/socket`. */
  readonly path?: string;
  /**
   * Which pages may connect (P-103): a list of origins such as `https://app.example.com`;
   * `same-host`, pages that came from the host and port they connect to; or `any`. A client
   * without an `Origin` is no browser and always may. Default `same-host`.
   */
  readonly origins?: readonly string[] | 'same-host' | 'any';
  /** How long a client has to answer a close before it is cut. Default 2,000; 0 to 60,000. */
  readonly closeMs?: number;
}

/** {@link WebSocketAdapterOptions} with every default filled in. */
export type ResolvedWebSocketOptions = Required<WebSocketAdapterOptions>;

/** Serves a signaling server over the `ws` library, on an HTTP server of the host. */
export interface WebSocketAdapter {
  /**
   * Takes an `upgrade` event of an HTTP server. False, and nothing is done, when the path is not
   * the adapter's: the host answers then, or destroys the socket.
   */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /**
   * Takes no more sockets, closes those that are open with 1012, and resolves when all are gone,
   * at the latest `closeMs` later. Never rejects.
   */
  close(): Promise<void>;
}

/**
 * Fills in the defaults and checks the ranges.
 *
 * @throws {RingfenceError} `invalid_option` for a value out of its range.
 */
export function resolveWebSocketOptions(
  options: WebSocketAdapterOptions = {},
): ResolvedWebSocketOptions {
  const { path = '/v1/socket', origins = 'same-host' } = options;
  if (!/^\/[^?#\s]*$/.test(path)) throw optionError('path', path, 'a path that starts with /');
  if (typeof origins !== 'string') {
    for (const origin of origins) {
      const isOrigin = URL.canParse(origin) && new URL(origin).origin === origin;
      if (!isOrigin) throw optionError('origins', origin, 'an origin such as https://example.com');
    }
  }
  return { path, origins, closeMs: numberOption('closeMs', options.closeMs ?? 2_000, 0, 60_000) };
}

/**
 * Makes the adapter. It needs the peer dependency `ws`.
 *
 * @throws {RingfenceError} `invalid_option` for an option out of its range.
 * @example
 * const adapter = createWebSocketAdapter(signaling, { origins: ['https://app.example.com'] });
 * http.on('upgrade', (request, socket, head) => {
 *   if (!adapter.handleUpgrade(request, socket, head)) refuseUpgrade(socket, '404 Not Found');
 * });
 */
export function createWebSocketAdapter(
  server: SignalingServer,
  options: WebSocketAdapterOptions = {},
  { logger = silentLogger }: { readonly logger?: Logger } = {},
): WebSocketAdapter {
  const { path, origins, closeMs } = resolveWebSocketOptions(options);
  // The types of ws do not know `closeTimeout` yet.
  const socketOptions: ServerOptions & { readonly closeTimeout: number } = {
    noServer: true,
    maxPayload: LIMITS.frameBytes,
    // P-104
    perMessageDeflate: false,
    closeTimeout: closeMs,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  };
  const sockets = new WebSocketServer(socketOptions);

  const mayConnect = ({ origin, host }: IncomingMessage['headers']): boolean => {
    if (origin === undefined || origins === 'any') return true;
    if (origins !== 'same-host') return origins.includes(origin);
    return (
      host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase()
    );
  };

  return {
    handleUpgrade(request, socket, head) {
      if (request.url?.split('?', 1)[0] !== path) return false;
      const offered = request.headers['sec-websocket-protocol'] ?? '';
      if (!mayConnect(request.headers)) {
        const { remoteAddress: address } = request.socket;
        const origin = request.headers.origin?.slice(0, loggedOriginLength);
        logger.warn('an origin was refused', { address, origin });
        refuseUpgrade(socket, '403 Forbidden');
      } else if (!offered.split(',').some((name) => name.trim() === SUBPROTOCOL)) {
        refuseUpgrade(socket, '400 Bad Request');
      } else {
        sockets.handleUpgrade(request, socket, head, (webSocket) =>
          connect(server, webSocket, request),
        );
      }
      return true;
    },
    close() {
      for (const webSocket of sockets.clients)
        webSocket.close(CLOSE.restart, 'the server goes away');
      // A second close is an error to ws, and is as done as the first.
      return new Promise((resolve) => sockets.close(() => resolve()));
    },
  };
}

/**
 * Answers an `upgrade` event with an HTTP status such as `404 Not Found`, and lets go of the socket
 * whether or not the far end closes its half: no timeout of the HTTP server watches it any more.
 */
export function refuseUpgrade(socket: Duplex, status: string): void {
  const destroy = (): void => void socket.destroy();
  socket.on('error', destroy);
  socket.once('finish', destroy);
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function connect(server: SignalingServer, webSocket: WebSocket, request: IncomingMessage): void {
  const userAgent = request.headers['user-agent'];
  const events = server.accept(
    {
      // Without a callback: one would cost a turn of the event loop for each frame. As bytes: beside
      // its header, which is bytes, a string would be written the slow way.
      send: (text) => webSocket.send(Buffer.from(text), asText),
      close: (code, reason) => webSocket.close(code, reason),
      get bufferedBytes() {
        return webSocket.bufferedAmount;
      },
    },
    { address: request.socket.remoteAddress ?? '', ...(userAgent !== undefined && { userAgent }) },
  );
  webSocket.on('message', (data: RawData, isBinary: boolean) => {
    if (isBinary) events.binary();
    else events.message((data as Buffer).toString());
  });
  webSocket.on('ping', events.control);
  webSocket.on('pong', events.control);
  webSocket.on('close', (code) => events.closed(code));
  // ws closes the socket itself: 1009 for a frame too large, 1007 for text that is no UTF-8.
  webSocket.on('error', ignore);
}

const asText = { binary: false };

/** An error is followed by `close`, which says all there is to say. */
const ignore = (): void => {};
