import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pinnedPnpm } from '../setup.mjs';
import { root } from './workspace.ts';

/** Something does not hold. The message says what; for a command, what it printed. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed';
}

export type RunOptions = {
  cwd?: string;
  env?: Record<string, string | undefined>;
  /** Ends the command after this time. Default: none. */
  timeoutMs?: number;
};

/**
 * Runs a command and gives back what it printed on standard output.
 *
 * @throws CheckFailed when it cannot start, ends with another code than 0, or takes too long.
 */
export function run(command: string, args: string[], options: RunOptions = {}): Promise<string> {
  const { cwd = root, env = {}, timeoutMs } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Windows starts npm and npx, which are .cmd files, only through a shell.
      shell: process.platform === 'win32' && !command.includes('\\'),
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    });
    let output = '';
    let all = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      all += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (all += text));
    const line = [command, ...args].join(' ');
    child.on('error', (cause) => reject(new CheckFailed(`${line}\n${cause.message}`, { cause })));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new CheckFailed(`${line}\n${all.trimEnd()}\nended with ${code ?? signal}`));
    });
  });
}

/** Runs a script under the Node that runs us, which is the pinned one. */
export function runNode(args: string[], options?: RunOptions): Promise<string> {
  return run(process.execPath, args, options);
}

/** Runs the command line of an installed development dependency. */
export function runTool(
  tool: { package: string; bin?: string },
  args: string[],
  options?: RunOptions,
): Promise<string> {
  const folder = join(root, 'node_modules', tool.package);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const script = typeof bin === 'string' ? bin : bin[tool.bin ?? tool.package];
  return runNode([join(folder, script), ...args], options);
}

/** Runs pnpm at the pinned version. */
export function runPnpm(args: string[], options?: RunOptions): Promise<string> {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return run('npx', ['-y', pinnedPnpm(manifest), ...args], options);
}

/** Runs `work` over `items`, at most `limit` at a time, and keeps their order. */
export async function inParallel<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      const item = items[index] as T;
      results[index] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  return results;
}
