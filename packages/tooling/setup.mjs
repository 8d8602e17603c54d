// Brings a fresh clone to where every command runs. Plain JavaScript without dependencies: it runs
// on the Node that the machine has (20 or later), on Linux, macOS and Windows.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { browserPath } from './src/browsers.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const stampFile = join(root, 'node_modules', '.ringfence-setup.json');

/** A failure that is told in one plain sentence, without a stack. */
export class SetupError extends Error {}

/** `pnpm@X` as the root package.json pins it. */
export function pinnedPnpm(packageJson) {
  const pinned = /^pnpm@\d+\.\d+\.\d+/.exec(packageJson.packageManager ?? '');
  if (!pinned) throw new SetupError('package.json names no exact "packageManager": "pnpm@X.Y.Z".');
  return pinned[0];
}

/** Changes when the installed tree would: with the lock file, the settings, the machine. */
export function installKey(parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part.replaceAll('\r\n', '\n')).update('\0');
  return hash.digest('hex');
}

/** The id of a Linux distribution from the text of its os-release file. */
export function distributionId(osRelease) {
  return /^ID="?([\w.-]+)"?\s*$/m.exec(osRelease)?.[1];
}

/**
 * What to install with apt, or why apt is not used.
 *
 * @param {{ platform: string, distribution: string | undefined, isRoot: boolean, missing: string[] }} machine
 */
export function planSystemPackages({ platform, distribution, isRoot, missing }) {
  if (missing.length === 0) return { install: [] };
  if (platform !== 'linux' || distribution !== 'debian') return { install: [], hint: undefined };
  if (!isRoot) {
    return { install: [], hint: `sudo apt-get install ${missing.join(' ')}` };
  }
  return { install: missing };
}

export function pinnedNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  return join(root, 'node_modules', 'node', 'bin', name);
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'));
  } catch {
    return {};
  }
}

function writeStamp(stamp) {
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, `${JSON.stringify(stamp, null, 2)}\n`);
}

/**
 * Runs npx of the npm that runs us, else of the PATH. npm's own script is preferred because Windows
 * starts `npx.cmd` only through a shell.
 */
function npx(args, options = {}) {
  const npm = process.env.npm_execpath;
  const script = npm && /npm-cli\.[cm]?js$/.test(npm) ? join(dirname(npm), 'npx-cli.js') : '';
  const settings = { cwd: root, stdio: 'inherit', ...options };
  return existsSync(script)
    ? spawnSync(process.execPath, [script, '-y', ...args], settings)
    : spawnSync('npx', ['-y', ...args], { ...settings, shell: process.platform === 'win32' });
}

/** pnpm at the pinned version, in the repository. */
function pnpm(args, options) {
  const packageJson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return npx([pinnedPnpm(packageJson), ...args], options);
}

function installPackages(stamp) {
  const texts = ['pnpm-lock.yaml', 'pnpm-workspace.yaml'].map((name) =>
    readFileSync(join(root, name), 'utf8'),
  );
  const key = installKey([...texts, process.platform, process.arch]);
  if (stamp.installKey === key && existsSync(pinnedNode())) return false;

  console.log('setup: installing packages');
  const result = pnpm(['install', '--frozen-lockfile']);
  if (result.error) {
    throw new SetupError(`npx could not be started (${result.error.message}). Is npm installed?`);
  }
  if (result.status !== 0) {
    throw new SetupError(
      'pnpm install failed; its own message is above. Without a network or a reachable npm ' +
        'registry it cannot work. If it says that the lock file is out of date, a package.json ' +
        'changed without it.',
    );
  }
  if (!existsSync(pinnedNode())) {
    throw new SetupError(
      'the pinned Node did not arrive in node_modules/node. Remove node_modules and run ' +
        '"npm run setup" again.',
    );
  }
  stamp.installKey = key;
  return true;
}

/** Needed by the browser tests: the Debian package, the test for it, what goes without it. */
const systemParts = [
  {
    name: 'chromium',
    debian: ['chromium', 'fonts-liberation'],
    there: () => browserPath('chromium') !== undefined,
    without: 'the demo check and the browser tests',
    how: 'install Chrome, Chromium or Edge, or name one in RINGFENCE_CHROMIUM',
  },
  {
    name: 'firefox',
    debian: ['firefox-esr'],
    there: () => browserPath('firefox') !== undefined,
    without: 'the Firefox test',
    how: 'install Firefox, or name one in RINGFENCE_FIREFOX',
  },
  {
    name: 'ip',
    debian: ['iproute2'],
    there: () =>
      process.platform !== 'linux' ||
      ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip', '/bin/ip'].some((path) => existsSync(path)),
    without: 'the test across two network namespaces',
    how: 'install iproute2',
  },
];

/** Runs apt-get; its hundreds of lines are shown only when it fails. */
function apt(args) {
  const result = spawnSync('apt-get', ['-q', '-y', '-o', 'Dpkg::Use-Pty=0', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (result.status === 0) return true;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}${result.error ?? ''}\n`);
  return false;
}

function installSystemParts(stamp, retry) {
  let missing = systemParts.filter((part) => !part.there());
  if (missing.length === 0) return false;

  const plan = planSystemPackages({
    platform: process.platform,
    distribution: existsSync('/etc/os-release')
      ? distributionId(readFileSync('/etc/os-release', 'utf8'))
      : undefined,
    isRoot: process.getuid?.() === 0,
    missing: missing.flatMap((part) => part.debian),
  });
  if (plan.install.length > 0) {
    console.log(
      `setup: installing Debian packages ${plan.install.join(', ')} (about half a minute)`,
    );
    if (!apt(['update'])) {
      console.log('setup: apt-get update failed; trying with the lists that are there');
    }
    if (!apt(['install', '--no-install-recommends', ...plan.install])) {
      throw new SetupError(
        `apt-get could not install ${plan.install.join(', ')}; its own message is above.`,
      );
    }
    missing = systemParts.filter((part) => !part.there());
  }

  // Elsewhere: the build that playwright-core downloads. Asked for once, then only by `setup`.
  const lacksChromium = missing.some((part) => part.name === 'chromium');
  if (lacksChromium && plan.install.length === 0 && (retry || !stamp.triedDownload)) {
    console.log('setup: no Chrome, Chromium or Edge found; downloading Chromium');
    const cli = join(root, 'packages', 'tooling', 'node_modules', 'playwright-core', 'cli.js');
    const result = spawnSync(pinnedNode(), [cli, 'install', 'chromium'], { stdio: 'inherit' });
    stamp.triedDownload = true;
    if (result.status !== 0) console.log('setup: the download did not work');
    missing = systemParts.filter((part) => !part.there());
  }

  for (const part of missing) {
    const how = plan.hint ? `${part.how}; here: ${plan.hint}` : part.how;
    console.log(
      `setup: ${part.name} is missing: ${part.without} will be skipped. To have it: ${how}.`,
    );
  }
  return true;
}

/**
 * Installs what is missing; a second run finds nothing to do and takes milliseconds.
 *
 * @param {{ retry?: boolean }} options `retry` tries a failed browser download again.
 */
export function setup({ retry = false } = {}) {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20) {
    throw new SetupError(`Node ${process.versions.node} is too old; install Node 20 or later.`);
  }
  const stamp = readStamp();
  const installed = installPackages(stamp);
  const added = installSystemParts(stamp, retry);
  if (installed || added) writeStamp(stamp);
}
