// What `npm run NAME` starts: set-up first, then the command under the pinned Node.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SetupError, pinnedNode, root, setup } from './setup.mjs';

const systemTests = (name) => join('packages', 'system-tests', 'src', `${name}.ts`);

/** Script and fixed arguments of each command; what the user adds comes after. */
export const commands = {
  setup: undefined,
  test: [join('packages', 'tooling', 'src', 'test.ts')],
  verify: [join('packages', 'tooling', 'src', 'verify.ts')],
  demo: [systemTests('demo')],
  isolated: [join('examples', 'isolated-service', 'src', 'main.ts')],
  bench: [systemTests('bench')],
  fault: [systemTests('fault')],
  sim: [systemTests('sim')],
};

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}

function start(script, args) {
  const bin = join(root, 'node_modules', '.bin');
  // Windows spells it Path; a second spelling in one environment would hide the first.
  const pathName = Object.keys(process.env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  const child = spawn(pinnedNode(), ['--conditions=@ringfence/source', ...script, ...args], {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      [pathName]: `${bin}${delimiter}${process.env[pathName] ?? ''}`,
      TURBO_TELEMETRY_DISABLED: '1',
    },
  });
  // The terminal signals the child as well; we only wait for its end.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`unable to start Node 24; ${error.message}`));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
}

function main([name, ...args]) {
  if (!Object.hasOwn(commands, name ?? '')) {
    return fail(`unknown command ${name ?? ''}; known: ${Object.keys(commands).join(', ')}`);
  }
  try {
    setup({ retry: name === 'setup' });
  } catch (error) {
    if (error instanceof SetupError) return fail(`setup: ${error.message}`);
    throw error;
  }
  const script = commands[name];
  if (script === undefined) return console.log('setup: ready');
  if (!existsSync(join(root, script[0]))) return fail(`${name}: ${script[0]} does not exist yet`);
  start(script, args);
}

main(process.argv.slice(2));
