import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The parts of a V8 CPU profile that are read here. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
}

/** The first part of a profile is start-up and compiling. */
const WARM_UP = 0.4;

/**
 * The share of a server's CPU time, in percent, that was spent checking frames against the schemas
 * of the wire. Parsing JSON is not part of it. Samples are counted, not the time between them: that
 * would blame whoever is interrupted when the machine is busy.
 */
export function validationPercent({ nodes, samples }: CpuProfile): number {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  let total = 0;
  let checking = 0;
  for (const sample of samples.slice(Math.floor(samples.length * WARM_UP))) {
    const { functionName, url } = frames.get(sample)!;
    if (functionName === '(idle)') continue;
    total += 1;
    const isCheck =
      /\/protocol\/src\/(?:schema|values|[a-z]+-messages|signals)\.ts$/.test(url) ||
      // A pattern of a schema, compiled by V8, has the name of its source and no file.
      functionName.startsWith('RegExp: ^');
    if (isCheck || functionName === 'readNotice' || functionName === 'readRequest') {
      checking += 1;
    }
  }
  return total === 0 ? 0 : (100 * checking) / total;
}

/** A folder for the CPU profile of one process. */
export class ProfileFolder {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  static async create(): Promise<ProfileFolder> {
    return new ProfileFolder(await mkdtemp(join(tmpdir(), 'ringfence-profile-')));
  }

  /** What makes Node write the profile here when it exits. */
  get execArgv(): readonly string[] {
    return ['--cpu-prof', `--cpu-prof-dir=${this.#path}`, '--cpu-prof-interval=200'];
  }

  /** Reads the profile and removes the folder. */
  async take(): Promise<CpuProfile> {
    try {
      const [file] = await readdir(this.#path);
      if (file === undefined) throw new Error('unable to read a profile; none was written');
      return JSON.parse(await readFile(join(this.#path, file), 'utf8')) as CpuProfile;
    } finally {
      await rm(this.#path, { recursive: true, force: true });
    }
  }
}
