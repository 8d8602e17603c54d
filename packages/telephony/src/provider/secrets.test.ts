import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { readSecret, Secret } from './secrets.ts';

const key = 'KEY0123456789';

test('a secret shows itself to nobody who does not ask for it', () => {
  const secret = new Secret(key);
  const shown = [
    String(secret),
    JSON.stringify({ secret }),
    inspect({ secret }, { showHidden: true }),
  ];
  for (const text of shown) expect(text).not.toContain(key);
  expect(shown[0]).toBe('[secret]');
  expect(secret.reveal()).toBe(key);
  expect(secret.scrub(`Bearer ${key}, ${key}!`)).toBe('Bearer [secret], [secret]!');
});

test('it is read from a variable or a file, without the white space around it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ringfence-telephony-'));
  const file = join(folder, 'key');
  try {
    await writeFile(file, `  ${key}\r\n`);
    expect((await readSecret({ file }, {})).reveal()).toBe(key);
    expect((await readSecret({ env: 'KEY' }, { KEY: `${key}\n` })).reveal()).toBe(key);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a secret that was given in place of where it is, is not shown', async () => {
  const telnyxKey = 'KEY0199F2C5A2B3C4D5E6F_aBcDeFgHiJkLmNoPqRsTuV';
  for (const source of [{ env: telnyxKey }, { file: telnyxKey }]) {
    const thrown = await readSecret(source, {}).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: 'start_failed', message: expect.stringMatching(/given/) });
    expect(inspect(thrown, { showHidden: true })).not.toContain(telnyxKey);
  }
});

test('what is none is refused, and not shown', async () => {
  for (const KEY of [
    undefined,
    '',
    ' \n',
    'short',
    `${key}\n${key}`,
    `${key}é`,
    'x'.repeat(1_025),
  ]) {
    const thrown = await readSecret({ env: 'KEY' }, { KEY }).catch((error: unknown) => error);
    expect(thrown).toMatchObject({
      code: 'start_failed',
      message: expect.stringMatching(/^unable to read the secret in variable KEY; /),
    });
    expect(inspect(thrown)).not.toContain(key);
  }
  await expect(readSecret({ file: '/does/not/exist' }, {})).rejects.toMatchObject({
    message: 'unable to read the secret in file /does/not/exist; ENOENT',
  });
});
