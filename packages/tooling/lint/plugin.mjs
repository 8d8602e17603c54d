import { ambientRule } from './ambient-rule.mjs';
import { layerRule } from './layer-rule.mjs';

const exportAllRule = {
  create: (context) => ({
    ExportAllDeclaration(node) {
      context.report({ node, message: 'name what is exported; export * is not for this file' });
    },
  }),
};

/** The rules of this repository, for oxlint. */
export default {
  meta: { name: 'ringfence' },
  rules: {
    layers: layerRule,
    'no-export-all': exportAllRule,
    'no-ambient-time': ambientRule({
      paths: [
        'Date.now',
        'performance.now',
        'performance.timeOrigin',
        'setTimeout',
        'setInterval',
        'setImmediate',
        'requestAnimationFrame',
        'requestIdleCallback',
        'scheduler',
        'Temporal.Now',
        'Math.random',
        'crypto.randomUUID',
        'crypto.getRandomValues',
        'AbortSignal.timeout',
        'process.hrtime',
        'process.uptime',
      ],
      modules: {
        timers: true,
        'timers/promises': true,
        perf_hooks: ['performance'],
        crypto: [
          'randomUUID',
          'randomBytes',
          'randomInt',
          'randomFill',
          'randomFillSync',
          'webcrypto',
        ],
        process: ['hrtime', 'uptime'],
        os: ['uptime'],
      },
      isEmptyDateBanned: true,
      advice: 'take a Clock or a Random from base',
    }),
    'no-ambient-process': ambientRule({
      paths: [
        'process.env',
        'process.exit',
        'process.exitCode',
        'process.abort',
        'process.stdout',
        'process.stderr',
        'console',
      ],
      modules: {
        process: ['env', 'exit', 'exitCode', 'abort', 'stdout', 'stderr'],
        console: true,
      },
      advice: 'only composition roots read the environment, exit or print',
    }),
  },
};
