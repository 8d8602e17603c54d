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

/** The calls an instance remembers, as the work on one of them sees the others. */
export interface CallBook {
  /** The entry of a call, made when there is none; undefined when the id is another organisation's. */
  entry(orgId: string, callId: string): CallEntry | undefined;
  /** The call as remembered, when it is a call of the organisation and not known to be old. */
  remembered(orgId: string, callId: string): CallFacts | null;
  /** Has a job done when the jobs before it are. */
  submit(entry: CallEntry, job: CallJob): void;
  /** Lets go of a call that nobody needs. */
  release(entry: CallEntry): void;
}
