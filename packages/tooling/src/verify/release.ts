import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CheckFailed, run, runNode, runPnpm } from '../process.ts';
import { root, workspacePackages } from '../workspace.ts';

type Published = { name: string; version: string; manifest: unknown };

/** A registry on loopback that knows no package and notes what is sent to it. */
async function fakeRegistry(): Promise<{ url: string; published: Published[]; close: () => void }> {
  const published: Published[] = [];
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      if (request.method !== 'PUT') return answer(404, { error: 'not found' });
      const body = JSON.parse(text) as { name: string; versions: Record<string, unknown> };
      for (const [version, manifest] of Object.entries(body.versions)) {
        published.push({ name: body.name, version, manifest });
      }
      answer(201, { ok: true });
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    published,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Copies the work tree as git sees it, and what was built, into a repository of its own. */
async function copyRepository(folder: string): Promise<void> {
  const listed = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard']);
  for (const file of listed.split('\0').filter(Boolean)) {
    // A deleted file stays in the index until its deletion is staged.
    if (!existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
  for (const each of workspacePackages().filter((one) => !one.isPrivate)) {
    cpSync(join(root, each.folder, 'dist'), join(folder, each.folder, 'dist'), { recursive: true });
  }
  const git = (...args: string[]): Promise<string> =>
    run('git', ['-c', 'user.name=verify', '-c', 'user.email=verify@localhost', ...args], {
      cwd: folder,
    });
  await git('init', '--quiet', '--initial-branch=main');
  await git('add', '--all');
  await git('commit', '--quiet', '--no-verify', '--message=verify');
}

function checkPublished(published: Published[], expected: string[]): void {
  const names = published.map((each) => each.name).toSorted();
  if (names.join() !== expected.toSorted().join()) {
    throw new CheckFailed(`published ${names.join(', ') || 'nothing'}, not ${expected.join(', ')}`);
  }
  for (const { name, manifest } of published) {
    // What only the workspace understands must not reach a user.
    const local = /"(workspace:|catalog:)[^"]*"|"@ringfence\/source":/.exec(
      JSON.stringify(manifest),
    );
    if (local) throw new CheckFailed(`${name} was published with ${local[0]}`);
  }
}

/**
 * A whole release in a copy of the repository: a changeset for every package, `changeset version`,
 * `changeset publish` to a registry on loopback. Nothing leaves the machine.
 */
export async function rehearseRelease(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-release-'));
  const registry = await fakeRegistry();
  try {
    await copyRepository(folder);
    const published = workspacePackages().filter((each) => !each.isPrivate);
    const lines = published.map((each) => `'${each.name}': minor`);
    writeFileSync(
      join(folder, '.changeset', 'rehearsal.md'),
      `---\n${lines.join('\n')}\n---\n\nA rehearsal.\n`,
    );
    const address = registry.url.slice('http:'.length);
    writeFileSync(
      join(folder, '.npmrc'),
      `registry=${registry.url}\n${address}:_authToken=rehearsal\n`,
    );
    // changesets publishes through the pnpm of the PATH, so it gets the PATH that npx made for pnpm.
    const script = ['exec', process.execPath, '--print', 'process.env.PATH'];
    const env = { PATH: (await runPnpm(script)).trim(), CI: '1', NO_COLOR: '1' };
    const changeset = join(root, 'node_modules', '@changesets', 'cli', 'bin.js');
    await runNode([changeset, 'version'], { cwd: folder, env });
    await runNode([changeset, 'publish', '--no-git-tag'], { cwd: folder, env });
    checkPublished(
      registry.published,
      published.map((each) => each.name),
    );
    return registry.published.map((each) => `${each.name.split('/')[1]}@${each.version}`).join(' ');
  } finally {
    registry.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
