import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startExample } from '../src/start.ts';
import type { RunningExample } from '../src/start.ts';
import type { Watched } from '../src/app.ts';

let example: RunningExample;

beforeAll(async () => {
  const execArgv = ['--conditions=@ringfence/source'];
  // A second for a heartbeat is little on a machine that has much to do.
  const isolation = { execArgv, heartbeatTimeoutMs: 3_000, restartDelayMs: 500, maxRestarts: 10 };
  example = await startExample({ isolation });
  await example.telephony.start();
}, 30_000);

afterAll(() => example[Symbol.asyncDispose]());

async function ask<Body>(path: string, init?: RequestInit): Promise<Body> {
  const answer = await fetch(example.url + path, init);
  expect([path, answer.ok]).toEqual([path, true]);
  return (await answer.json()) as Body;
}

const post = (body?: unknown): RequestInit => ({
  method: 'POST',
  ...(body === undefined
    ? {}
    : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
});

/** Resolves when the service is in that state. */
function until(state: string): Promise<void> {
  return new Promise((resolve) => {
    const off = example.telephony.on('status.changed', ({ status }) => {
      if (status !== state) return;
      off();
      resolve();
    });
  });
}

test('the page and what it needs are served', async () => {
  const page = await fetch(`${example.url}/`);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const html = await page.text();
  for (const [, path] of html.matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
    expect([path, (await fetch(example.url + path)).status]).toEqual([path, 200]);
  }
  expect((await fetch(`${example.url}/package.json`)).status).toBe(404);
});

test('a call is made and ended', async () => {
  const made = await ask<{ callId: string }>(
    '/api/webrtc/call',
    post({ action: 'make', phoneNumber: '+12025550123' }),
  );
  const ended = await ask('/api/webrtc/call', post({ action: 'end', callId: made.callId }));
  expect(ended).toEqual({ success: true, callId: made.callId, state: 'ended' });
});

test.for([
  ['crash', ['child_exited']],
  ['hang', ['child_hung']],
  // Collecting garbage at the limit takes so long that the heartbeat may be first.
  ['starve', ['child_exited', 'child_hung']],
] as const)(
  'while the worker is broken by %s every other request is answered',
  { timeout: 30_000 },
  async ([way, codes]) => {
    const before = await ask<Watched>('/api/watch');
    const [failed, back] = [until('error'), until('ready')];
    let isBack = false;
    void back.then(() => (isBack = true));
    await ask(`/api/break/${way}`, post());
    const states = new Set<string>();
    let answers = 0;
    let longestWaitMs = 0;
    // One after another, all the time that it is broken and until it is back.
    while (!isBack) {
      const { orders } = await ask<{ orders: string[] }>('/api/orders');
      expect(orders).toHaveLength(3);
      states.add((await ask<{ status: string }>('/api/webrtc/status')).status);
      // Nor does what tells of the worker wait for it.
      const { waitsMs } = await ask<Watched>('/api/watch');
      longestWaitMs = Math.max(longestWaitMs, waitsMs);
      answers += 1;
    }
    await failed;
    // A hung worker was asked how it is, and the answers above did not wait for its own.
    if (way === 'hang') expect(longestWaitMs).toBeGreaterThan(0);
    expect(answers).toBeGreaterThan(5);
    expect([...states]).toContain('error');
    const after = await ask<Watched>('/api/watch');
    expect(after.restarts).toBe(before.restarts + 1);
    expect(after.status).toMatchObject({ status: 'ready', healthy: true });
    const failure = after.events.find(({ text }) => text.includes('failed: '))?.text;
    expect(codes.map((code) => failure?.includes(code))).toContain(true);
    const issued = ask('/api/webrtc/credential', post({ username: 'ada' }));
    expect(await issued).toMatchObject({ success: true });
  },
);

/** Starts the command. Gives what it prints, once it has ended or says where it is. */
async function command(...args: readonly string[]) {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@ringfence/source', main, ...args]);
  onTestFinished(() => void child.kill('SIGKILL'));
  let printed = '';
  let complained = '';
  child.stderr.on('data', (chunk) => (complained += String(chunk)));
  const isUp = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk) => {
      printed += String(chunk);
      if (printed.includes('Ctrl+C')) resolve();
    });
  });
  const exit = new Promise<number | null>((resolve) => child.on('close', resolve));
  await Promise.race([isUp, exit]);
  return { child, exit, said: () => ({ printed, complained }) };
}

test('a port that is taken, and one that is none, are told in one line', async () => {
  const { port } = new URL(example.url);
  const taken = await command('--port', port);
  expect([await taken.exit, taken.said()]).toEqual([
    1,
    { printed: '', complained: `unable to listen on port ${port}; it is taken\n` },
  ]);
  for (const wrong of ['abc', '65536', '1e3', '-1', '']) {
    const { exit, said } = await command(`--port=${wrong}`);
    expect([wrong, await exit, said().printed]).toEqual([wrong, 1, '']);
    expect(said().complained).toMatch(/^unable to use option --port; .*\n$/);
  }
}, 60_000);

test('the command starts it, and ends when it is told to', async () => {
  const { child, exit, said } = await command('--port', '0');
  const [url = ''] = /http:\S+/.exec(said().printed) ?? [];
  expect((await fetch(url)).status).toBe(200);
  child.kill('SIGTERM');
  expect([await exit, said().complained]).toEqual([0, '']);
}, 60_000);

test('what nobody can break is not there', async () => {
  expect((await fetch(`${example.url}/api/break/shop`, post())).status).toBe(404);
});
