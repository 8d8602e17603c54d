import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('a process whose host is killed ends by itself', { timeout: 30_000 }, async () => {
  const file = fileURLToPath(new URL('./fixtures/host.ts', import.meta.url));
  const host = spawn(process.execPath, ['--conditions=@ringfence/source', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // The child holds the host's stdout as well: it closes when both are gone.
  const bothGone = new Promise((resolve) => host.stdout.on('close', resolve));
  const output = await new Promise<string>((resolve) =>
    host.stdout.on('data', (chunk: Buffer) => resolve(chunk.toString())),
  );
  const pid = Number(/^child (\d+)$/m.exec(output)?.[1]);
  expect(process.kill(pid, 0)).toBe(true);
  host.kill('SIGKILL');
  await bothGone;
});
