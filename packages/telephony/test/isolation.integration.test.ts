import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createTelephony } from '../src/index.ts';
import type { IsolationOptions, Telephony } from '../src/index.ts';
import { TelnyxContractServer } from '../src/testing/index.ts';

// Each starts processes, some of them several times.
vi.setConfig({ testTimeout: 30_000 });

const execArgv = ['--conditions=@ringfence/source'];
const key = 'KEY0123456789_canary';
const kinds = ['process', 'thread'] as const;

let telnyx: TelnyxContractServer;
let folder: string;
let keyFile: string;

beforeEach(async () => {
  telnyx = await TelnyxContractServer.start({ apiKey: key });
  folder = await mkdtemp(join(tmpdir(), 'ringfence-telephony-'));
  keyFile = join(folder, 'key');
  await writeFile(keyFile, `${key}\n`);
});

afterEach(async () => {
  await telnyx.close();
  await rm(folder, { recursive: true });
});

/** Resolves when it is in that state. */
function until(telephony: Telephony, state: string): Promise<void> {
  return new Promise((resolve) => {
    telephony.on('status.changed', ({ status }) => status === state && resolve());
  });
}

describe.each(kinds)('in a %s', (kind) => {
  test('our worker does what Telnyx can', async () => {
    await using telephony = createTelephony({
      providers: [
        {
          kind: 'telnyx',
          apiUrl: telnyx.url,
          apiKey: { file: keyFile },
          connectionId: 'connection-1',
          callControlAppId: 'app-1',
          from: '+12025550100',
        },
      ],
      isolation: { kind, execArgv },
    });
    expect(await telephony.start()).toEqual({ ok: true, value: undefined });
    const issued = await telephony.issueCredential({ username: 'ada', wantsToken: true });
    expect(issued).toMatchObject({ ok: true, value: { provider: 'telnyx' } });
    const placed = await telephony.placeCall({ to: '+12025550123' });
    expect(placed).toMatchObject({ ok: true, value: { state: 'ringing' } });
    const callId = placed.ok ? placed.value.callId : '';
    expect(await telephony.answerCall({ callId })).toMatchObject({ value: { state: 'active' } });
    expect(await telephony.endCall({ callId })).toMatchObject({ value: { state: 'ended' } });
    expect(await telephony.cleanUpCredentials()).toEqual({
      ok: true,
      value: [{ provider: 'telnyx', removed: 0, kept: 1 }],
    });
    expect(await telephony.health()).toMatchObject({ status: 'ready', healthy: true });
  });

  const breakable = (more: IsolationOptions = {}): Telephony =>
    createTelephony({
      providers: [{ kind: 'custom', name: 'breakable' }],
      isolation: {
        kind,
        execArgv,
        output: 'ignore',
        workerUrl: new URL('./fixtures/breakable-worker.ts', import.meta.url),
        restartDelayMs: 20,
        restartJitter: 0,
        ...more,
      },
    });

  test.each([
    ['crash', 'child_exited'],
    ['exit', 'child_exited'],
    ['hang', 'child_hung'],
    ['lie', 'child_nonsense'],
    ['fill', kind === 'thread' ? 'child_out_of_memory' : 'child_exited'],
  ])('after a %s the worker comes back, and the host goes on', async (how, code) => {
    const isHang = how === 'hang';
    await using telephony = breakable({
      heapLimitBytes: 64 * 2 ** 20,
      ...(isHang ? { heartbeatMs: 100, heartbeatTimeoutMs: 1_500 } : {}),
    });
    const codes: string[] = [];
    telephony.on('worker.failed', (failed) => codes.push(failed.code));
    await telephony.start();
    const failed = until(telephony, 'error');
    const lost = telephony.issueCredential({ username: how });
    await failed;
    const back = until(telephony, 'ready');
    expect(await lost).toMatchObject({ ok: false, error: { code: 'worker_lost' } });
    await back;
    expect(await telephony.issueCredential({ username: 'well' })).toMatchObject({ ok: true });
    expect(codes).toEqual([code]);
  });

  test('a provider that gives nonsense takes no worker with it', async () => {
    await using telephony = breakable();
    await telephony.start();
    expect(await telephony.issueCredential({ username: 'nonsense' })).toMatchObject({
      ok: false,
      error: { code: 'provider_nonsense', provider: 'breakable' },
    });
    expect(await telephony.issueCredential({ username: 'well' })).toMatchObject({ ok: true });
    expect(telephony.metrics().restarts).toBe(0);
  });

  test('no secret is among what a worker is started with', async () => {
    await writeFile(`${keyFile}.turn`, 'password of TURN'.replaceAll(' ', '-'));
    const turn = { urls: ['turn:turn.example.com'], username: 'u', credential: { file: '' } };
    turn.credential.file = `${keyFile}.turn`;
    await using telephony = createTelephony({
      providers: [
        { kind: 'custom', name: 'breakable' },
        {
          kind: 'telnyx',
          apiUrl: telnyx.url,
          apiKey: { file: keyFile },
          connectionId: 'connection-1',
          turnServers: [turn],
        },
      ],
      isolation: {
        kind,
        execArgv,
        workerUrl: new URL('./fixtures/breakable-worker.ts', import.meta.url),
      },
    });
    await telephony.start();
    const told = await telephony.issueCredential({ username: 'arguments' });
    const line = told.ok ? told.value.realm : '';
    expect(line).toContain('breakable-worker.ts');
    for (const secret of [key, 'password-of-TURN']) expect(line).not.toContain(secret);
    // It is there where it belongs.
    expect(await telephony.issueCredential({ username: 'ada' })).toMatchObject({
      value: { provider: 'telnyx', turnServers: [{ ...turn, credential: 'password-of-TURN' }] },
    });
  });

  test('the key is in nothing that the host sees or prints', async () => {
    await writeFile(`${keyFile}.broken`, `${key}\n${key}`);
    telnyx.plan({ kind: 'failing', status: 500 });
    telnyx.plan({ kind: 'malformed', body: `Bearer ${key}` });
    telnyx.plan({ kind: 'cut' });
    // Between the others: five failures in a row would open the breaker.
    telnyx.plan({ kind: 'tells-key' });
    telnyx.plan({ kind: 'redirect', to: 'http://127.0.0.1:9/' });
    telnyx.plan({ kind: 'rate-limited', retryAfter: '0' });
    const host = fileURLToPath(new URL('./fixtures/canary-host.ts', import.meta.url));
    const args = [...execArgv, host, telnyx.url, keyFile, telnyx.webhookPublicKey, kind];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    child.stdout.on('data', (chunk) => (printed += String(chunk)));
    child.stderr.on('data', (chunk) => (printed += String(chunk)));
    onTestFinished(() => void child.kill('SIGKILL'));
    const exitCode = await new Promise((resolve) => child.on('close', resolve));
    expect([exitCode, printed.split('\n').at(-2)]).toEqual([0, 'done']);
    // It went through all of it, and was let in by the key.
    for (const said of [
      'provider_refused',
      'provider_failed',
      'provider_nonsense',
      'provider_unreachable',
      'provider_rate_limited',
      '"state":"ringing"',
      'expires_at',
      '"code":"child_exited"',
      'it is no text of 8 to 1024 characters',
      'ENOENT',
      'worker.failed',
    ]) {
      expect([said, printed.includes(said)]).toEqual([said, true]);
    }
    expect(printed).not.toContain(key);
  });
});
