import { getConnInfo } from '@hono/node-server/conninfo';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { except } from 'hono/combine';
import { cors } from 'hono/cors';
import { secureHeaders } from 'hono/secure-headers';
import { getDotPath, safeParse } from 'valibot';
import { toError } from '@ringfence/base';
import type { ErrorFacts, Logger } from '@ringfence/base';
import type { Health } from '@ringfence/isolation';
import { isLoopback } from './addresses.ts';
import type { DevTokens } from './dev-tokens.ts';
import { devTokenRequest } from './http-schemas.ts';
import type { HttpErrorCode } from './http-schemas.ts';

export interface HttpAppParts {
  readonly health: Pick<Health, 'check'>;
  /** Null when the server does not run with `dev`. */
  readonly devTokens: DevTokens | null;
  readonly devAllowRemote: boolean;
  /** Origins that may read answers of `/v1`, next to the server's own. `*` is any. */
  readonly origins: readonly string[];
  readonly staticFolder: string | undefined;
  readonly logger: Logger;
}

interface ErrorMeaning extends ErrorFacts {
  readonly status: 400 | 403 | 404 | 413 | 500 | 503;
  readonly fault: 'caller' | 'server';
}

const caller = (status: ErrorMeaning['status'], hint: string): ErrorMeaning => ({
  status,
  fault: 'caller',
  retryable: false,
  hint,
});

const meanings: Readonly<Record<HttpErrorCode, ErrorMeaning>> = {
  invalid_request: caller(400, 'Look at the schema of the request in openapi.json.'),
  forbidden: caller(403, 'Ask from the machine itself, or start with --dev-allow-remote.'),
  not_found: caller(404, 'Check the path and the method.'),
  too_large: caller(413, 'Send less.'),
  not_ready: { status: 503, fault: 'server', retryable: true, hint: 'Try again soon.' },
  internal: {
    status: 500,
    fault: 'server',
    retryable: true,
    hint: 'Try again; report it when it stays.',
  },
};

const bodyBytes = 16_384;

/** A request with one of these came through a proxy. */
const proxyHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

function fail(context: Context, code: HttpErrorCode, message: string): Response {
  const { status, ...facts } = meanings[code];
  return context.json({ error: { code, message, ...facts } }, status);
}

/** The HTTP side of the server. */
export function createHttpApp(parts: HttpAppParts): Hono {
  const { devTokens, health, logger, origins, staticFolder } = parts;
  const app = new Hono();

  app.use(safeHeaders());
  app.get('/livez', (context) => context.json({ status: 'live' }));
  app.get('/readyz', async (context) => {
    const { state } = await health.check();
    return state === 'unhealthy'
      ? fail(context, 'not_ready', 'unable to take calls; the server stops, or its store is down')
      : context.json({ status: 'ready' });
  });

  app.use('/v1/*', cors({ origin: origins.includes('*') ? '*' : [...origins] }));
  app.use(
    '/v1/*',
    bodyLimit({
      maxSize: bodyBytes,
      onError: (context) =>
        fail(context, 'too_large', `unable to read the body; it is over ${bodyBytes} bytes`),
    }),
  );
  if (devTokens !== null) {
    app.post('/v1/dev/token', async (context) => {
      if (!parts.devAllowRemote && !isAskedLocally(context, origins)) {
        const message = 'unable to hand out a token; --dev serves this machine alone';
        return fail(context, 'forbidden', message);
      }
      const request = safeParse(devTokenRequest, await context.req.json().catch(() => undefined));
      if (!request.success) {
        const path = (getDotPath(request.issues[0]) ?? 'body').slice(0, 64);
        return fail(context, 'invalid_request', `unable to read the request; ${path} is wrong`);
      }
      return context.json(await devTokens.mint(request.output));
    });
  }

  if (staticFolder !== undefined) {
    app.use(
      // A folder with the sources in it has secrets under such names: `.env`, `.git`.
      except(
        (context) => /\/\.(?!well-known\/)/.test(context.req.path),
        serveStatic({
          root: staticFolder,
          // Built files carry a hash in their names; the page that names them does not.
          onFound: (path, context) =>
            context.header(
              'Cache-Control',
              /[/\\]assets[/\\]/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
            ),
        }),
      ),
    );
  }
  app.notFound((context) => fail(context, 'not_found', 'unable to find this; nothing is here'));
  app.onError((thrown, context) => {
    logger.error('an HTTP request failed', {
      path: context.req.path,
      error: toError(thrown).message,
    });
    return fail(context, 'internal', 'unable to serve the request; something broke on the server');
  });
  return app;
}

/**
 * True when the request came from this machine and was meant for it. The host name is looked at
 * too: else a page of another site could have its own name resolve to loopback and ask. A proxy on
 * this machine speaks for others, so what it forwards is not local; one that adds none of its
 * headers is known by the page it speaks for.
 */
function isAskedLocally(context: Context, origins: readonly string[]): boolean {
  const { address = '' } = getConnInfo(context).remote;
  const { origin } = context.req.header();
  const isForwarded = proxyHeaders.some((name) => context.req.header(name) !== undefined);
  const isOwnPage = origin === undefined || origins.includes(origin) || isLoopbackUrl(origin);
  return isLoopback(address) && isLoopbackUrl(context.req.url) && isOwnPage && !isForwarded;
}

function isLoopbackUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return isLoopback(hostname.startsWith('[') ? hostname.slice(1, -1) : hostname);
}

function safeHeaders(): ReturnType<typeof secureHeaders> {
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'self'"],
      baseUri: ["'none'"],
      // Not every browser counts a WebSocket of the same host as 'self'.
      connectSrc: ["'self'", 'ws:', 'wss:'],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
      imgSrc: ["'self'", 'data:', 'blob:'],
      mediaSrc: ["'self'", 'data:', 'blob:'],
      objectSrc: ["'none'"],
      styleSrc: ["'self'", "'unsafe-inline'"],
    },
    // A browser would hold a whole host to HTTPS, other ports and programs included.
    strictTransportSecurity: false,
    xFrameOptions: 'DENY',
    permissionsPolicy: { camera: ['self'], microphone: ['self'], geolocation: [] },
  });
}
