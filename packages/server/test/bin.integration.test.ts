import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { SUBPROTOCOL } from '@ringfence/protocol';

const bin = join(import.meta.dirname, '../src/bin.ts');

function run(...args: string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, ['--conditions=@ringfence/source', bin, ...args]);
}

/** The first log line with this message. */
async function line(child: ChildProcessWithoutNullStreams, message: string): Promise<unknown> {
  for await (const text of createInterface(child.stdout)) {
    const fields = JSON.parse(text) as { msg: string };
    if (fields.msg === message) return fields;
  }
  throw new Error(`the process ended without saying ${message}`);
}

// A process that compiles its sources takes a while on a busy machine.
describe('ringfence-server', { timeout: 60_000 }, () => {
  it('listens, and on SIGTERM closes its sockets with 1012 and ends with 0', async () => {
    const child = run('--dev', '--port', '0');
    const { url } = (await line(child, 'listening')) as { url: string };
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/socket`, SUBPROTOCOL);
    await once(socket, 'open');
    const closed = once(socket, 'close');
    const ended = once(child, 'exit');
    child.stdout.resume();
    child.kill('SIGTERM');
    expect((await closed)[0]).toBe(1012);
    expect(await ended).toEqual([0, null]);
  });

  it('says what is wrong with its configuration, and ends with 1', async () => {
    const child = run('--port', 'abc');
    let said = '';
    child.stderr.on('data', (chunk) => (said += String(chunk)));
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(said).toBe(
      'ringfence-server: unable to use the configuration; --port is not a number\n' +
        'See the settings in the README of @ringfence/server, or ringfence-server --help.\n',
    );
  });

  it('prints its help', async () => {
    const child = run('--help');
    let said = '';
    child.stdout.on('data', (chunk) => (said += String(chunk)));
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(said).toContain('Usage: ringfence-server [flags]');
  });
});
