import type { Clock, Logger, Random } from '@ringfence/base';
import type { ResolvedOptions } from './options.ts';
import type { Transport } from './transport.ts';

/** What every part of one client shares. */
export interface Environment {
  readonly options: ResolvedOptions;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}
