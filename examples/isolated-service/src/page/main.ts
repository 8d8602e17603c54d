import { createTelephonyClient } from '@ringfence/telephony/client';
import type { Watched } from '../app.ts';

const telephony = createTelephonyClient({ pollMs: 500 });
const customer = '+12025550123';

function find<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  return document.querySelector<Kind>(`#${id}`)!;
}

/** Written only when it changes, so that what reads the page aloud does not repeat it. */
function say(id: string, text: string): void {
  const element = find(id);
  if (element.textContent !== text) element.textContent = text;
}

function list(id: string, lines: readonly string[]): void {
  const items = lines.map((line) =>
    Object.assign(document.createElement('li'), { textContent: line }),
  );
  find(id).replaceChildren(...items);
}

function showCalls(): void {
  const { status, activeCall } = telephony;
  say(
    'state',
    status.isAvailable ? 'Calls are available' : `Calls are unavailable: ${status.status}`,
  );
  find('state').classList.toggle('good', status.isAvailable);
  find<HTMLButtonElement>('call').disabled = !status.isAvailable || activeCall !== undefined;
  find('end').hidden = activeCall === undefined;
}

async function call(): Promise<void> {
  const made = await telephony.makeCall(customer);
  say('call-text', made.ok ? 'It rings.' : `The call failed: ${made.error.code}.`);
}

async function end(): Promise<void> {
  const { activeCall } = telephony;
  if (activeCall === undefined) return;
  const ended = await telephony.endCall(activeCall.callId);
  say('call-text', ended.ok ? 'The call is over.' : `It did not end: ${ended.error.code}.`);
}

/** Asks again and again, each time after the answer. What fails is counted, and asked again. */
function ask(path: string, everyMs: number, show: (body: never) => void, failed = () => {}): void {
  const next = async (): Promise<void> => {
    try {
      const answer = await fetch(path);
      if (!answer.ok) throw new Error(String(answer.status));
      show((await answer.json()) as never);
    } catch {
      failed();
    }
    setTimeout(() => void next(), everyMs);
  };
  void next();
}

function watch({ restarts, uptimeMs, checks, events, ...more }: Watched): void {
  say('restarts', String(restarts));
  say('uptime', `${Math.round(uptimeMs / 1_000)} s`);
  say('checks', `${checks.answered} of ${checks.answered + checks.failed}`);
  say('round-trip', roundTrip(more));
  find('start').hidden = !events.some(({ text }, index) => index < 2 && text.includes('any more'));
  list(
    'log',
    events.map(({ at, text }) => `${new Date(at).toLocaleTimeString()} ${text}`),
  );
}

function roundTrip({ status, health, waitsMs }: Pick<Watched, 'status' | 'health' | 'waitsMs'>) {
  if (!status.healthy) return 'not now';
  if (waitsMs > 400) return `no answer for ${(waitsMs / 1_000).toFixed(1)} s`;
  return health?.healthy === true ? `${health.roundTripMs.toFixed(1)} ms` : 'not known';
}

function watchShop(): void {
  let answers = 0;
  let missed = 0;
  let slowest = 0;
  let askedAt = performance.now();
  const show = ({ orders }: { orders: readonly string[] }): void => {
    answers += 1;
    slowest = Math.max(slowest, performance.now() - askedAt);
    say('answers', String(answers));
    say('slowest', `${Math.round(slowest)} ms`);
    if (answers === 1) list('orders', orders);
    askedAt = performance.now() + 250;
  };
  const failed = (): void => {
    missed += 1;
    say('missed', String(missed));
    askedAt = performance.now() + 250;
  };
  ask('/api/orders', 250, show, failed);
}

find('call').addEventListener('click', () => void call());
find('end').addEventListener('click', () => void end());
find('start').addEventListener('click', () => void fetch('/api/start', { method: 'POST' }));
for (const button of document.querySelectorAll<HTMLElement>('[data-way]')) {
  const path = `/api/break/${button.dataset['way']}`;
  button.addEventListener('click', () => void fetch(path, { method: 'POST' }));
}
telephony.on('status.changed', showCalls);
telephony.on('call.changed', showCalls);
telephony.start();
ask('/api/watch', 500, watch);
watchShop();
