import { existsSync, readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { AddressInfo, Socket } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { RingfenceError, systemClock, systemRandom, toError } from '@ringfence/base';
import type { Clock, Logger, Random } from '@ringfence/base';
import { Health } from '@ringfence/isolation';
import { createJwtAuth, createSignalingServer } from '@ringfence/signaling-server';
import type {
  Auth,
  Bus,
  IceServers,
  JwtKey,
  SignalingServer,
  SignalingServerOptions,
  Store,
} from '@ringfence/signaling-server';
import { createMemoryStore } from '@ringfence/signaling-server/memory-store';
import { createWebSocketAdapter, refuseUpgrade } from '@ringfence/signaling-server/ws';
import { reachableAddresses, urlHost } from './addresses.ts';
import { generateCertificate } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { configError, resolveServerConfig } from './config.ts';
import type { ResolvedServerConfig, ServerConfig } from './config.ts';
import { createDevTokens } from './dev-tokens.ts';
import type { DevTokens } from './dev-tokens.ts';
import { createHttpApp } from './http-app.ts';
import { createPinoLogger } from './logging.ts';

/** What a host may bring in place of the server's own parts. */
export interface ServerParts {
  /** Default: memory. */
  readonly store?: Store;
  /** Default: within the process. */
  readonly bus?: Bus;
  /** Default: JWT with the configured keys, of which there must be one then. */
  readonly auth?: Auth;
  readonly iceServers?: IceServers;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Default: pino, to the standard output. */
  readonly logger?: Logger;
}

/** A server that listens. */
export interface RunningServer extends AsyncDisposable {
  /** Where it is reached, without a slash at the end: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Every address where it is reached, `url` first. */
  readonly urls: readonly string[];
  /** Where the WebSocket is: `ws://127.0.0.1:8080/v1/socket`. */
  readonly socketUrl: string;
  readonly port: number;
  readonly signaling: SignalingServer;
  /**
   * How the process is: `/readyz` says 503 while it is unhealthy. It has the checks `accepting` (it
   * is not stopping) and `store` (the last round trip succeeded). Add those of your own parts.
   */
  readonly health: Health;
  /**
   * Stops: `/readyz` says 503 and every socket is closed with 1012, writes in flight are waited for
   * (`drainMs`), then it listens no more. A second call joins the first. Never rejects.
   */
  close(): Promise<void>;
}

/**
 * Starts the reference server and resolves when it listens.
 *
 * @throws {RingfenceError} `invalid_config` or `invalid_option` for a configuration that cannot be
 *   used, `listen_failed` when the port cannot be had.
 * @example
 * await using server = await startServer({ dev: true, port: 0 });
 */
export async function startServer(
  config: ServerConfig = {},
  parts: ServerParts = {},
): Promise<RunningServer> {
  const resolved = resolveServerConfig(config);
  const { clock = systemClock, random = systemRandom } = parts;
  const logger = parts.logger ?? createPinoLogger(resolved.logLevel);
  const { issuer, audience, staticFolder } = resolved;
  if (staticFolder !== undefined && !existsSync(staticFolder)) {
    throw configError('staticFolder', `there is no folder ${staticFolder}; build the page first`);
  }

  const devTokens = resolved.dev ? createDevTokens({ issuer, audience }, { clock, random }) : null;
  const auth = parts.auth ?? jwtAuth(resolved, devTokens, clock);
  const origins = originsOf(resolved);
  const certificate = await certificateOf(resolved, clock);

  const signaling = createSignalingServer(signalingOptions(resolved), {
    store: parts.store ?? createMemoryStore({ clock }),
    auth,
    iceServers: parts.iceServers ?? stunServers(resolved.stunUrls),
    ...(parts.bus && { bus: parts.bus }),
    clock,
    random,
    logger,
  });
  // An answer is never kept: who stops must not be sent calls for another second.
  const health = new Health({ maxAgeMs: 0 }, { clock, logger });
  health.add('accepting', () => signaling.readiness().accepting);
  health.add('store', () => signaling.readiness().store);
  try {
    const sockets = createWebSocketAdapter(signaling, { origins }, { logger });
    const app = createHttpApp({
      health,
      devTokens,
      devAllowRemote: resolved.devAllowRemote,
      origins: resolved.origins,
      staticFolder,
      logger,
    });
    const http = httpServer(app.fetch, certificate);
    const connections = connectionsOf(http);
    http.on('upgrade', (request, socket, head) => {
      if (!sockets.handleUpgrade(request, socket, head)) refuseUpgrade(socket, '404 Not Found');
    });
    await listen(http, resolved);
    // Such as no more file descriptors for who connects: no reason to end what goes on.
    http.on('error', (cause) =>
      logger.error('a connection was not taken', { error: cause.message }),
    );

    const { port } = http.address() as AddressInfo;
    const scheme = certificate === null ? 'http' : 'https';
    const urls = reachableAddresses(resolved.host).map(
      (address) => `${scheme}://${urlHost(address)}:${port}`,
    );
    const url = urls[0]!;
    logger.info('listening', { url, urls, dev: resolved.dev });
    if (resolved.dev) logger.warn('dev tokens are handed out to whoever asks; not for production');

    await watch(health, logger);

    const stop = async (): Promise<void> => {
      logger.info('stopping', { sessions: signaling.sessions });
      await signaling.drain({ deadlineMs: resolved.drainMs });
      await Promise.all([signaling.close(), sockets.close()]);
      await closeHttp(http, connections, resolved.drainMs, clock);
      health[Symbol.dispose]();
      logger.info('stopped');
    };
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => (closing ??= stop());
    const socketUrl = `${url.replace(/^http/, 'ws')}/v1/socket`;
    return { url, urls, socketUrl, port, signaling, health, close, [Symbol.asyncDispose]: close };
  } catch (thrown) {
    health[Symbol.dispose]();
    await signaling.close();
    throw thrown;
  }
}

/** How often it looks by itself, so that the history has what happened while nobody asked. */
const watchMs = 1_000;

/** Looks on and on, and logs what changes after the first look. */
async function watch(health: Health, logger: Logger): Promise<void> {
  await health.check();
  health.on('health.changed', ({ from, to, failing }) => {
    logger[to === 'healthy' ? 'info' : 'warn']('health changed', { from, to, failing });
  });
  health.watch(watchMs);
}

function signalingOptions(config: ResolvedServerConfig): SignalingServerOptions {
  const { ringMs, forwardMs, acknowledgeMs, connectMs, leaseMs, graceMs, maximumMs } = config;
  const { beatMs, silentMs, callsPerUser } = config;
  return {
    deadlines: defined({
      ringMs,
      forwardMs,
      acknowledgeMs,
      connectMs,
      leaseMs,
      graceMs,
      maximumMs,
    }),
    ...defined({ beatMs, silentMs, callsPerUser }),
  };
}

/** Leaves out what is undefined, so that defaults apply. */
function defined(fields: Readonly<Record<string, number | undefined>>): Record<string, number> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Record<string, number>;
}

function jwtAuth(config: ResolvedServerConfig, devTokens: DevTokens | null, clock: Clock): Auth {
  const { hs256Secret, issuer, audience } = config;
  const keys = [...configuredKeys(config), ...(devTokens === null ? [] : [devTokens.key])];
  if (keys.length === 0) {
    throw configError(
      'hs256Secret',
      'there is no key to check tokens with; set hs256Secret (RINGFENCE_HS256_SECRET) or ' +
        'es256PublicKey (RINGFENCE_ES256_PUBLIC_KEY), or dev (--dev) to try things out',
    );
  }
  const claims = { ...(issuer && { issuer }), ...(audience && { audience }) };
  try {
    return createJwtAuth({ keys, ...claims }, { clock });
  } catch (thrown) {
    // It counts keys; who set them knows them by name.
    const { field } = (thrown as RingfenceError).details as { readonly field: string };
    if (!field.endsWith('.secret')) {
      throw configError('es256PublicKey', 'es256PublicKey is no P-256 public key, as PEM or JWK');
    }
    const bytes = Buffer.byteLength(hs256Secret ?? '');
    throw configError('hs256Secret', `hs256Secret has ${bytes} bytes and needs 32 or more`);
  }
}

function configuredKeys({ hs256Secret, es256PublicKey }: ResolvedServerConfig): readonly JwtKey[] {
  const keys: JwtKey[] = [];
  if (hs256Secret !== undefined) keys.push({ algorithm: 'HS256', secret: hs256Secret });
  if (es256PublicKey !== undefined) {
    const isJwk = es256PublicKey.trimStart().startsWith('{');
    keys.push({ algorithm: 'ES256', publicKey: isJwk ? readJwk(es256PublicKey) : es256PublicKey });
  }
  return keys;
}

function readJwk(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw configError('es256PublicKey', 'es256PublicKey is neither PEM nor JSON');
  }
}

function originsOf({ origins }: ResolvedServerConfig): readonly string[] | 'same-host' | 'any' {
  if (origins.includes('*')) return 'any';
  return origins.length === 0 ? 'same-host' : origins;
}

async function certificateOf(
  { host, tls, tlsCertFile, tlsKeyFile }: ResolvedServerConfig,
  clock: Clock,
): Promise<Certificate | null> {
  if (tls) return generateCertificate(reachableAddresses(host), clock);
  if (tlsCertFile === undefined || tlsKeyFile === undefined) return null;
  try {
    const certificate = {
      cert: readFileSync(tlsCertFile, 'utf8'),
      key: readFileSync(tlsKeyFile, 'utf8'),
    };
    createSecureContext(certificate);
    return certificate;
  } catch (thrown) {
    throw configError('tlsCertFile', `a certificate cannot be used: ${toError(thrown).message}`);
  }
}

const stunServers =
  (urls: readonly string[]): IceServers =>
  () =>
    Promise.resolve({ iceServers: urls.length === 0 ? [] : [{ urls: [...urls] }] });

/** Times are those of the HTTP server itself: slow requests hold nothing up for long. */
const httpOptions = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 5_000,
};

function httpServer(
  fetch: Parameters<typeof createAdaptorServer>[0]['fetch'],
  certificate: Certificate | null,
): Server {
  const server =
    certificate === null
      ? createAdaptorServer({ fetch, createServer: createHttpServer, serverOptions: httpOptions })
      : createAdaptorServer({
          fetch,
          createServer: createHttpsServer,
          serverOptions: { ...httpOptions, ...certificate, handshakeTimeout: 10_000 },
        });
  return server as Server;
}

function listen(http: Server, { host, port }: ResolvedServerConfig): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error): void => reject(listenError(host, port, cause));
    http.once('error', failed);
    http.listen(port, host, () => {
      http.off('error', failed);
      resolve();
    });
  });
}

function listenError(host: string, port: number, cause: Error): RingfenceError<'listen_failed'> {
  return new RingfenceError(
    'listen_failed',
    `unable to listen on ${host} port ${port}; ${cause.message}`,
    { fault: 'caller', retryable: true, hint: 'Choose another host or port.', cause },
  );
}

/**
 * The open connections of a server. It knows of its own only those that speak HTTP, and not those
 * that still shake hands for TLS or were upgraded.
 */
function connectionsOf(http: Server): ReadonlySet<Socket> {
  const connections = new Set<Socket>();
  http.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  return connections;
}

/** Lets requests in flight finish, for at most `deadlineMs`. */
async function closeHttp(
  http: Server,
  connections: ReadonlySet<Socket>,
  deadlineMs: number,
  clock: Clock,
): Promise<void> {
  const closed = new Promise<void>((resolve) => http.close(() => resolve()));
  const timer = clock.setTimeout(() => {
    for (const socket of connections) socket.destroy();
  }, deadlineMs);
  await closed;
  clock.clearTimeout(timer);
}
