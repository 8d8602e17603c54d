import { describe, expect, it } from 'vitest';
import { resolveServerConfig, startServer } from '@ringfence/server';
import { failureText, readCommandLine, settings } from '../src/command-line.ts';
import { createPinoLogger } from '../src/logging.ts';

const code = (work: () => unknown): unknown => {
  try {
    work();
    return null;
  } catch (thrown) {
    const { code, message, details } = thrown as {
      code: string;
      message: string;
      details: { field: string };
    };
    return [code, details.field, message];
  }
};

describe('the command line', () => {
  it('reads flags', () => {
    const args =
      '--port 0 --host 0.0.0.0 --dev --ring-ms 2000 --forward-ms 1000 --calls-per-user 2 --origin https://a.example --origin https://b.example';
    expect(readCommandLine(args.split(' '), {})).toEqual({
      kind: 'start',
      config: {
        host: '0.0.0.0',
        port: 0,
        dev: true,
        ringMs: 2_000,
        forwardMs: 1_000,
        callsPerUser: 2,
        origins: ['https://a.example', 'https://b.example'],
      },
    });
  });

  it('reads the environment, where a flag does not say otherwise', () => {
    const environment = {
      RINGFENCE_PORT: '9000',
      RINGFENCE_HOST: '::1',
      RINGFENCE_DEV: 'true',
      RINGFENCE_ORIGIN: 'https://a.example,https://b.example',
      RINGFENCE_HS256_SECRET: 's'.repeat(32),
      RINGFENCE_ISSUER: '',
      RINGFENCE_CALLS_PER_USER: '8',
    };
    expect(readCommandLine(['--port', '9001'], environment)).toEqual({
      kind: 'start',
      config: {
        host: '::1',
        port: 9_001,
        dev: true,
        origins: ['https://a.example', 'https://b.example'],
        hs256Secret: 's'.repeat(32),
        callsPerUser: 8,
      },
    });
  });

  it('has a help with every flag and no secret among them', () => {
    const command = readCommandLine(['-h'], {});
    expect(command).toMatchObject({
      kind: 'help',
      text: expect.stringContaining('--dev-allow-remote'),
    });
    expect(command).toMatchObject({ text: expect.stringContaining('RINGFENCE_HS256_SECRET') });
    expect(command).not.toMatchObject({ text: expect.stringContaining('--hs256') });
  });

  it('refuses what it does not know, by name', () => {
    expect([
      code(() => readCommandLine(['--no-such'], {})),
      code(() => readCommandLine(['--port', 'abc'], {})),
      code(() => readCommandLine([], { RINGFENCE_DEV: 'maybe' })),
    ]).toEqual([
      ['invalid_config', '', expect.stringContaining("Unknown option '--no-such'")],
      ['invalid_config', '--port', 'unable to use the configuration; --port is not a number'],
      [
        'invalid_config',
        'RINGFENCE_DEV',
        'unable to use the configuration; RINGFENCE_DEV is neither true nor false',
      ],
    ]);
  });
});

describe('a failed start', () => {
  const hint = 'See the settings in the README of @ringfence/server, or ringfence-server --help.';
  const said = async (work: () => unknown): Promise<string> => {
    try {
      await work();
      return '';
    } catch (thrown) {
      return failureText(thrown);
    }
  };

  it('says where the wrong field is set, and what to do', async () => {
    expect([
      await said(() => startServer({ dev: true, port: 65_536 })),
      await said(() => startServer({ hs256Secret: 'short' })),
      (await said(() => readCommandLine(['extra'], {}))).split('\n').at(-1),
      failureText(new Error('no disk')),
    ]).toEqual([
      'unable to use the configuration; port is not what it must be: <=65535\n' +
        `It is set by --port or RINGFENCE_PORT.\n${hint}`,
      'unable to use the configuration; hs256Secret has 5 bytes and needs 32 or more\n' +
        `It is set by RINGFENCE_HS256_SECRET.\n${hint}`,
      hint,
      'no disk',
    ]);
  });
});

describe('the configuration', () => {
  it('has defaults that show nothing to other machines', () => {
    expect(resolveServerConfig({ dev: true })).toEqual({
      host: '127.0.0.1',
      port: 8_080,
      dev: true,
      devAllowRemote: false,
      tls: false,
      origins: [],
      stunUrls: [],
      drainMs: 5_000,
      logLevel: 'info',
    });
  });

  it('is refused by field', () => {
    const wrong: [Parameters<typeof resolveServerConfig>[0], string][] = [
      [{ dev: true, port: 65_536 }, 'port'],
      [{ dev: true, port: 1.5 }, 'port'],
      [{ dev: true, tlsCertFile: 'a' }, 'tlsCertFile'],
      [{ dev: true, tls: true, tlsCertFile: 'a', tlsKeyFile: 'b' }, 'tls'],
      [{ devAllowRemote: true, hs256Secret: 's'.repeat(32) }, 'devAllowRemote'],
      [{ dev: true, stunUrls: ['http://x'] }, 'stunUrls.0'],
    ];
    for (const [config, field] of wrong) {
      expect(code(() => resolveServerConfig(config))).toEqual([
        'invalid_config',
        field,
        expect.stringMatching(/^unable to use the configuration; /),
      ]);
    }
  });

  it('is refused where a name is no setting, with the setting that was meant', () => {
    const problem = (config: object): unknown => code(() => resolveServerConfig(config));
    const meant: Record<string, string> = {
      ...Object.fromEntries(
        settings.flatMap(({ field, flag }) =>
          flag === undefined || flag === field ? [] : [[flag, field]],
        ),
      ),
      origin: 'origins',
      tlsKey: 'tlsKeyFile',
      ringMS: 'ringMs',
    };
    for (const [name, field] of Object.entries(meant)) {
      expect(problem({ dev: true, [name]: 1 })).toEqual([
        'invalid_config',
        name,
        `unable to use the configuration; ${name} is no setting; did you mean ${field}?`,
      ]);
    }
    for (const name of ['noSuch', '-', '']) {
      expect(problem({ dev: true, [name]: 1 })).toEqual([
        'invalid_config',
        name,
        `unable to use the configuration; ${name} is no setting`,
      ]);
    }
    expect(problem('dev' as never)).toEqual([
      'invalid_config',
      '',
      'unable to use the configuration; it is not what it must be: Object',
    ]);
  });

  it('quotes no secret', () => {
    const [, , message] = code(() => resolveServerConfig({ hs256Secret: 7 as never })) as string[];
    expect(message).not.toContain('7');
  });
});

describe('the log', () => {
  it('is JSON lines, without what must not be in them', () => {
    const lines: string[] = [];
    const logger = createPinoLogger('info', { write: (line) => void lines.push(line) });
    logger.debug('not written');
    logger.info('listening', {
      url: 'http://x',
      token: 'abc',
      deep: { sdp: 'v=0', userId: 'alice' },
    });
    logger.error('plain');
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      {
        msg: 'listening',
        url: 'http://x',
        token: '[redacted]',
        deep: { sdp: '[redacted]', userId: '[redacted]' },
      },
      { msg: 'plain' },
    ]);
  });
});
