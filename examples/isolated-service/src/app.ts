import { Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { createTelephonyRoutes } from '@ringfence/telephony';
import type { Telephony, TelephonyHealth, TelephonyStatus } from '@ringfence/telephony';
import type { PageFiles } from './page-files.ts';

/** What the page shows beside the status. */
export interface Watched {
  readonly restarts: number;
  readonly uptimeMs: number;
  readonly checks: { readonly answered: number; readonly failed: number };
  readonly status: TelephonyStatus;
  /** What the worker said last; undefined before it said anything. */
  readonly health: TelephonyHealth | undefined;
  /** How long it has been asked without an answer, milliseconds. */
  readonly waitsMs: number;
  /** The newest first. */
  readonly events: readonly WatchedEvent[];
}

interface WatchedEvent {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly text: string;
}

const ways = ['crash', 'hang', 'starve'];
const mostEvents = 8;

/** The routes of the app: those of telephony, and pages that have nothing to do with it. */
export function createApp(telephony: Telephony, files: PageFiles): Hono {
  const app = new Hono();
  const events = record(telephony);
  const readHealth = watchHealth(telephony);
  // A real app asks its session who it is.
  const routes = createTelephonyRoutes(telephony, { authenticate: () => ({ userId: 'ada' }) });

  app.use(secureHeaders({ contentSecurityPolicy: { defaultSrc: ["'self'"] } }));
  app.all('/api/webrtc/:route', (context) => routes.handle(context.req.raw));

  // The rest of the app. None of it knows of telephony.
  app.get('/api/orders', (context) =>
    context.json({ orders: ['Kettle', 'Two cups', 'Sugar'], at: Date.now() }),
  );

  app.get('/api/watch', (context) => {
    const { restarts, uptimeMs, checks } = telephony.metrics();
    const known = { restarts, uptimeMs, checks, status: telephony.status(), events };
    return context.json<Watched>({ ...known, ...readHealth() });
  });
  app.post('/api/break/:way', (context) => {
    const way = context.req.param('way');
    if (!ways.includes(way)) return context.json({ error: 'unknown' }, 404);
    // It is never answered by a worker that is broken.
    void telephony.answerCall({ callId: `saboteur:${way}` });
    return context.json({ success: true }, 202);
  });
  app.post('/api/start', (context) => {
    void telephony.start();
    return context.json({ success: true }, 202);
  });

  app.get('*', (context) => {
    const { path } = context.req;
    const file = files.get(path === '/' ? '/index.html' : path);
    if (file === undefined) return context.notFound();
    return context.body(file.body, 200, { 'content-type': file.type });
  });
  return app;
}

/** Asks the worker how it is whenever somebody looks. Nobody waits for it: it may hang. */
function watchHealth(telephony: Telephony): () => Pick<Watched, 'health' | 'waitsMs'> {
  let health: TelephonyHealth | undefined;
  let askedAt: number | undefined;
  return () => {
    const now = Date.now();
    if (askedAt === undefined) {
      askedAt = now;
      void telephony.health().then((answer) => {
        health = answer;
        askedAt = undefined;
      });
    }
    return { health, waitsMs: now - askedAt };
  };
}

/** What happened, in words. */
function record(telephony: Telephony): WatchedEvent[] {
  const events: WatchedEvent[] = [];
  const add = (text: string): void => {
    events.unshift({ at: Date.now(), text });
    events.length = Math.min(events.length, mostEvents);
  };
  telephony.on('status.changed', ({ status }) => add(`The service is ${status}.`));
  telephony.on('worker.failed', ({ code, restart, restartInMs }) =>
    add(
      restartInMs === undefined
        ? `The worker failed: ${code}. It is not restarted any more.`
        : `The worker failed: ${code}. Restart ${restart} in ${Math.round(restartInMs)} ms.`,
    ),
  );
  telephony.on('call.changed', ({ call }) => add(`A call is ${call.state}.`));
  return events;
}
