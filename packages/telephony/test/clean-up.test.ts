import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { runCommand, usage } from '../src/clean-up/command.ts';
import { TelnyxContractServer } from '../src/testing/index.ts';

// Each starts processes.
vi.setConfig({ testTimeout: 30_000 });

const key = 'KEY0123456789_command';
const isolation = { execArgv: ['--conditions=@ringfence/source'] } as const;

/** Runs the command and gives what it said. */
async function run(...args: readonly string[]) {
  const printed: string[] = [];
  const complained: string[] = [];
  const output = {
    print: (line: string) => printed.push(line),
    complain: (line: string) => complained.push(line),
  };
  const env = { TELNYX_API_KEY: key };
  const exitCode = await runCommand(args, output, { ...isolation, env });
  return { exitCode, printed, complained };
}

test('it counts, removes what expired, and leaves the rest', async () => {
  await using telnyx = await TelnyxContractServer.start({ apiKey: key });
  const folder = await mkdtemp(join(tmpdir(), 'ringfence-telephony-'));
  const config = join(folder, 'providers.json');
  const provider = {
    kind: 'telnyx',
    apiUrl: telnyx.url,
    apiKey: { env: 'TELNYX_API_KEY' },
    connectionId: 'connection-1',
  };
  // Of another worker than ours: it is left out.
  const own = { kind: 'custom', name: 'own' };
  try {
    await writeFile(config, JSON.stringify({ providers: [own, provider] }));
    const shared = { connectionId: 'connection-1', name: 'x', tag: 'ringfence', sipUsername: 'x' };
    const add = (id: string, expiresAtMs: number) =>
      telnyx.account.credentials.set(id, { ...shared, id, sipPassword: 'x', expiresAtMs });
    add('old', 1);
    add('new', Date.now() + 3_600_000);
    expect(await run('clean-up', '--config', config, '--dry-run')).toEqual({
      exitCode: 0,
      printed: ['telnyx: would remove 1, kept 1'],
      complained: [],
    });
    expect(await run('clean-up', '--config', config)).toMatchObject({
      exitCode: 0,
      printed: ['telnyx: removed 1, kept 1'],
    });
    expect([...telnyx.account.credentials.keys()]).toEqual(['new']);
    telnyx.plan({ kind: 'failing', status: 500 });
    const failed = await run('clean-up', '--config', config);
    expect(failed).toMatchObject({ exitCode: 1, printed: [] });
    expect(failed.complained.join()).toContain('(provider_failed)');
    expect(failed.complained.join()).not.toContain(key);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('it says how it is used', async () => {
  expect(await run('--help')).toEqual({ exitCode: 0, printed: [usage], complained: [] });
  for (const args of [[], ['other'], ['clean-up', '--other'], ['clean-up', '--config', '/none']]) {
    const { exitCode, complained } = await run(...args);
    expect([args, exitCode, complained.join().includes(usage)]).toEqual([args, 2, true]);
  }
  const said = async (...args: readonly string[]) => (await run(...args)).complained[0];
  expect(await said('clean')).toMatch(/^unable to go on; unknown command clean\n/);
  expect(await said()).toMatch(/^unable to go on; no command\n/);
});

test('a configuration that is not valid is asked for wrongly', async () => {
  const { exitCode, complained } = await run('clean-up', '--tag', 'Not Good');
  expect([exitCode, complained.join()]).toEqual([2, expect.stringContaining('providers.0.tag')]);
});

test('of a file that is no configuration nothing is shown', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ringfence-telephony-'));
  const file = join(folder, 'file');
  const ask = async (text: string, ...more: readonly string[]) => {
    await writeFile(file, text);
    const { exitCode, printed, complained } = await run('clean-up', '--config', file, ...more);
    return { exitCode, printed, said: complained.join().split('\n')[0] };
  };
  try {
    expect(await ask(key)).toEqual({
      exitCode: 2,
      printed: [],
      said: 'unable to read the configuration; it is no JSON',
    });
    for (const text of [
      'null',
      '7',
      '{}',
      '[]',
      `"${key}"`,
      `[{"kind":"telnyx","apiKey":"${key}"}]`,
    ]) {
      const { exitCode, said } = await ask(text);
      expect([text, exitCode, said]).toEqual([
        text,
        2,
        expect.stringMatching(/^unable to use option providers/),
      ]);
      expect(said).not.toContain(key);
    }
    expect(await ask('[]', '--tag', 'other')).toMatchObject({ exitCode: 2 });
    // It is not said to be clean by who could not look.
    expect(await ask('[{"kind":"custom","name":"own"}]')).toEqual({
      exitCode: 1,
      printed: [],
      said: 'unable to clean up; none of the providers is one that this command knows',
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
