import type { CallFacts } from '@ringfence/call-rules';
import type { CallJob } from './call-job.ts';

/** What an instance remembers of a live call. The truth is in the store. */
export interface CallEntry {
  readonly callId: string;
  readonly orgId: string;
  /** The facts as last read or written; null before they were read, or where there is no call. */
  facts: CallFacts | null;
  /** Up to which event the sessions of this instance were told. At most `facts.call.seq`. */
  deliveredSeq: number;
  /** True when the facts may be older than the store's, so that they are read before use. */
  isStale: boolean;
  /** True while a job runs. Jobs of one call run one at a time, those of others at the same time. */
  isWorking: boolean;
  readonly waiting: CallJob[];
}
