/*
 * Firefox through WebDriver BiDi (https://w3c.github.io/webdriver-bidi), spoken by hand: Playwright
 * drives stock Firefox only from versions newer than the extended support release.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { browserPath } from '@ringfence/tooling/browsers';

/** A fake microphone and camera, used without asking; candidates of this machine as they are. */
const preferences = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.autoplay.default': 0,
  'app.update.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'toolkit.telemetry.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
};

type RemoteValue = { type: string; value?: unknown };
type ScriptAnswer =
  | { type: 'success'; result: RemoteValue }
  | { type: 'exception'; exceptionDetails: { text: string } };

/** One tab of Firefox. */
export interface FirefoxPage {
  goto(url: string): Promise<void>;
  /** Runs an expression in the page, waits for its promise, and returns what it came to as JSON. */
  evaluate<Result>(expression: string): Promise<Result>;
}

export interface Firefox extends AsyncDisposable {
  readonly version: string;
  /** Opens a tab in which `script`, a function expression, runs before the page's own scripts. */
  open(script: string): Promise<FirefoxPage>;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** A BiDi connection: commands with answers; events are not asked for. */
class Connection {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const answer = JSON.parse(String(data)) as {
        id?: number;
        type: string;
        result?: unknown;
        error?: string;
        message?: string;
      };
      const waiting = this.#waiting.get(answer.id ?? -1);
      if (waiting === undefined) return;
      this.#waiting.delete(answer.id!);
      if (answer.type === 'success') waiting.resolve(answer.result);
      else waiting.reject(new Error(`unable to drive Firefox; ${answer.error}: ${answer.message}`));
    });
    socket.addEventListener('close', () => {
      for (const { reject } of this.#waiting.values()) {
        reject(new Error('unable to drive Firefox; its connection closed'));
      }
      this.#waiting.clear();
    });
  }

  send<Result>(method: string, params: object): Promise<Result> {
    const id = ++this.#lastId;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    }) as Promise<Result>;
  }

  close(): void {
    this.#socket.close();
  }
}

/** Reads the address at which Firefox listens from what it prints. */
async function addressOf(firefox: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: firefox.stderr! })) {
    const match = /WebDriver BiDi listening on (ws:\/\/\S+)/.exec(line);
    if (match !== null) return match[1]!;
  }
  throw new Error('unable to start Firefox; it ended before it listened');
}

async function connect(address: string): Promise<Connection> {
  const socket = new WebSocket(`${address}/session`);
  await once(socket, 'open');
  return new Connection(socket);
}

/** Starts a headless Firefox with a profile of its own, which goes when it is disposed. */
export async function launchFirefox(): Promise<Firefox> {
  const executable = browserPath('firefox');
  if (executable === undefined) {
    throw new Error('unable to start Firefox; none was found. Set RINGFENCE_FIREFOX to one.');
  }
  const profile = mkdtempSync(join(tmpdir(), 'ringfence-firefox-'));
  const lines = Object.entries(preferences).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  );
  writeFileSync(join(profile, 'user.js'), lines.join(''));
  const firefox = spawn(
    executable,
    ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'],
    // A home of its own: Firefox refuses one that belongs to another user.
    { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, HOME: profile } },
  );
  const exited = once(firefox, 'exit');
  const stop = async (): Promise<void> => {
    firefox.kill();
    await exited;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  try {
    const connection = await connect(await addressOf(firefox));
    firefox.stderr!.resume();
    const session = await connection.send<{ capabilities: { browserVersion: string } }>(
      'session.new',
      { capabilities: { alwaysMatch: { acceptInsecureCerts: true } } },
    );
    return {
      version: session.capabilities.browserVersion,
      open: (script) => openPage(connection, script),
      async [Symbol.asyncDispose]() {
        connection.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function openPage(connection: Connection, script: string): Promise<FirefoxPage> {
  const { context } = await connection.send<{ context: string }>('browsingContext.create', {
    type: 'tab',
  });
  await connection.send('script.addPreloadScript', {
    functionDeclaration: script,
    contexts: [context],
  });
  return {
    async goto(url) {
      await connection.send('browsingContext.navigate', { context, url, wait: 'complete' });
    },
    async evaluate<Result>(expression: string) {
      const answer = await connection.send<ScriptAnswer>('script.evaluate', {
        expression: `(async () => JSON.stringify(await (${expression})) ?? 'null')()`,
        target: { context },
        awaitPromise: true,
        // The page takes it for a click of its user, as autoplay and capture want one.
        userActivation: true,
      });
      if (answer.type === 'exception') {
        throw new Error(`unable to run in Firefox; ${answer.exceptionDetails.text}`);
      }
      return JSON.parse(answer.result.value as string) as Result;
    },
  };
}
