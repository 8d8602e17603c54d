import type { Options } from 'tsup';

/** The build of every published package; `names` are entry files under `src`, without extension. */
export declare function library(names: string[]): Options;
