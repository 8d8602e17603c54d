// `npm run verify`: everything that must hold before a change lands, tests apart. Names after it
// choose steps: `npm run verify -- lint types`.
import { join } from 'node:path';
import { CheckFailed, runNode, runPnpm, runTool } from './process.ts';
import {
  bundleWithVite,
  checkReadmeCode,
  createConsumer,
  importOnNode,
} from './verify/consumer.ts';
import type { Consumer } from './verify/consumer.ts';
import { brokenLinks, markdownFiles, missingTitles } from './verify/markdown.ts';
import { rehearseRelease } from './verify/release.ts';
import { checkTarballTypes, lintTarballs, packPackages } from './verify/tarballs.ts';
import { root } from './workspace.ts';

type Step = {
  name: string;
  /** Steps that must have passed; they run too when only this one is asked for. */
  needs?: string[];
  /** Fulfils with a note for the line, rejects when something does not hold. */
  run: () => Promise<string | void>;
};

const sizeBench = join(root, 'packages', 'system-tests', 'src', 'bench.ts');
/** Tests that hold what is drawn in the guides to the code it is drawn from. */
const drawnGuides = [
  'packages/call-machine/test/picture.test.ts',
  'packages/call-rules/test/permissions-table.test.ts',
  'packages/server/test/settings-table.test.ts',
];
let consumer: Consumer | undefined;

async function withConsumer(work: (consumer: Consumer) => Promise<string>): Promise<string> {
  if (!consumer) throw new Error('the install step did not run');
  return work(consumer);
}

async function turbo(task: string): Promise<void> {
  const flags = ['--continue', '--output-logs=errors-only', '--ui=stream'];
  await runPnpm(['exec', 'turbo', 'run', task, ...flags], {
    env: { TURBO_TELEMETRY_DISABLED: '1', NO_COLOR: '1' },
  });
}

const steps: Step[] = [
  {
    name: 'format',
    run: async () => {
      await runTool({ package: 'prettier' }, ['--check', '--log-level=warn', '.']);
    },
  },
  {
    name: 'lint',
    run: async () => {
      await runTool({ package: 'oxlint' }, ['--type-aware', '--deny-warnings']);
    },
  },
  {
    name: 'unused',
    run: async () => {
      await runTool({ package: 'knip' }, ['--no-progress', '--treat-config-hints-as-errors']);
    },
  },
  {
    name: 'links',
    run: async () => {
      const files = markdownFiles(root);
      const problems = [
        ...brokenLinks(files, root),
        ...files.flatMap((file) => missingTitles(file, root)),
      ];
      if (problems.length > 0) throw new CheckFailed(problems.join('\n'));
      return `${files.length} files`;
    },
  },
  {
    name: 'drawn',
    run: async () => {
      // A name that finds no test ends with an error, so a test that moved is noticed.
      for (const test of drawnGuides) await runTool({ package: 'vitest' }, ['run', test]);
      return `${drawnGuides.length} guides`;
    },
  },
  { name: 'types', run: () => turbo('typecheck') },
  { name: 'build', run: () => turbo('build') },
  { name: 'pack', needs: ['build'], run: packPackages },
  { name: 'publint', needs: ['pack'], run: lintTarballs },
  { name: 'attw', needs: ['pack'], run: checkTarballTypes },
  {
    name: 'size',
    run: async () => {
      await runNode(['--conditions=@ringfence/source', sizeBench, 'size']);
      return 'within the budgets';
    },
  },
  {
    name: 'install',
    needs: ['pack'],
    run: async () => {
      consumer = await createConsumer();
    },
  },
  { name: 'readme', needs: ['install'], run: () => withConsumer(checkReadmeCode) },
  { name: 'imports', needs: ['install'], run: () => withConsumer(importOnNode) },
  { name: 'vite', needs: ['install'], run: () => withConsumer(bundleWithVite) },
  { name: 'release', needs: ['build'], run: rehearseRelease },
];

/** The steps asked for, with what they need, in order; all of them when none is named. */
function chooseSteps(names: readonly string[]): Step[] {
  const unknown = names.filter((name) => !steps.some((step) => step.name === name));
  if (unknown.length > 0) {
    const known = steps.map((step) => step.name).join(', ');
    throw new CheckFailed(`unknown step ${unknown.join(', ')}; known: ${known}`);
  }
  if (names.length === 0) return steps;
  const chosen = new Set<string>();
  const add = (name: string): void => {
    chosen.add(name);
    steps.find((step) => step.name === name)?.needs?.forEach(add);
  };
  names.forEach(add);
  return steps.filter((step) => chosen.has(step.name));
}

function describeFailure(error: unknown): string {
  if (error instanceof CheckFailed) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

async function verify(names: readonly string[]): Promise<void> {
  const startedAt = performance.now();
  const seconds = (from: number): string => `${((performance.now() - from) / 1000).toFixed(1)} s`;
  const passed = new Set<string>();
  const failed: string[] = [];
  const chosen = chooseSteps(names);
  for (const step of chosen) {
    const title = step.name.padEnd(8);
    const blocker = step.needs?.find((need) => !passed.has(need));
    if (blocker) {
      failed.push(step.name);
      console.log(`FAIL ${title} not run: ${blocker} failed`);
      continue;
    }
    const stepStartedAt = performance.now();
    try {
      const note = await step.run();
      passed.add(step.name);
      console.log(`ok   ${title} ${seconds(stepStartedAt).padStart(7)}${note ? `  ${note}` : ''}`);
    } catch (error) {
      failed.push(step.name);
      console.log(`FAIL ${title} ${seconds(stepStartedAt).padStart(7)}`);
      console.log(describeFailure(error).replaceAll(/^/gm, '     | '));
    }
  }
  consumer?.remove();
  const failures = failed.length === 0 ? '' : `: ${failed.join(', ')}`;
  console.log(
    `verify: ${passed.size} of ${chosen.length} steps passed in ${seconds(startedAt)}${failures}`,
  );
  if (failed.length > 0) process.exitCode = 1;
}

try {
  await verify(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = error instanceof CheckFailed ? 2 : 1;
}
