/*
 * Two machines on one network, as Linux network namespaces joined by a cable. Nothing runs in them
 * but what is started there; to each, the other is another host.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Machine {
  readonly namespace: string;
  readonly address: string;
  /** What to start instead of `executable`, so that it runs on this machine. */
  wrap(executable: string): string;
}

export interface TwoMachines extends Disposable {
  readonly first: Machine;
  readonly second: Machine;
}

const ip = ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip', '/bin/ip'].find((path) => existsSync(path));

function run(...args: readonly string[]): void {
  execFileSync(ip!, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Why this machine cannot have namespaces, or null when it can. */
export function namespacesMissing(): string | null {
  if (process.platform !== 'linux') return 'network namespaces are a thing of Linux';
  if (ip === undefined) return 'iproute2 is not installed';
  const trial = `ringfence-${process.pid}-trial`;
  try {
    run('netns', 'add', trial);
    run('netns', 'delete', trial);
    return null;
  } catch (error) {
    return `ip netns add does not work here: ${(error as Error).message.trim()}`;
  }
}

/** Makes two machines, and takes them away when disposed. */
export function createTwoMachines(): TwoMachines {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-machines-'));
  // Interface names have 15 characters at most.
  const tag = process.pid.toString(36);
  const made: string[] = [];
  const machine = (index: 1 | 2): Machine => {
    const namespace = `ringfence-${tag}-${index}`;
    run('netns', 'add', namespace);
    made.push(namespace);
    return {
      namespace,
      address: `10.213.77.${index}`,
      wrap(executable) {
        const script = join(folder, `${index}-${executable.replaceAll('/', '-')}`);
        writeFileSync(
          script,
          `#!/bin/sh\nexec ${ip} netns exec ${namespace} '${executable}' "$@"\n`,
          { mode: 0o755 },
        );
        return script;
      },
    };
  };
  const remove = (): void => {
    for (const namespace of made) run('netns', 'delete', namespace);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const machines = { first: machine(1), second: machine(2) };
    const { first, second } = machines;
    const cable = [`rf${tag}a`, `rf${tag}b`] as const;
    run(
      'link',
      'add',
      cable[0],
      'netns',
      first.namespace,
      'type',
      'veth',
      'peer',
      'name',
      cable[1],
      'netns',
      second.namespace,
    );
    for (const [{ namespace, address }, end] of [
      [first, cable[0]],
      [second, cable[1]],
    ] as const) {
      run('-n', namespace, 'address', 'add', `${address}/24`, 'dev', end);
      run('-n', namespace, 'link', 'set', 'lo', 'up');
      // An IPv6 address that comes a second later would make a browser drop its requests.
      run('-n', namespace, 'link', 'set', end, 'addrgenmode', 'none');
      run('-n', namespace, 'link', 'set', end, 'up');
    }
    return { ...machines, [Symbol.dispose]: remove };
  } catch (error) {
    remove();
    throw error;
  }
}
