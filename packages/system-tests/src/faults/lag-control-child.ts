/* A process that does nothing but measure how late its own event loop is. */
import { serve } from '@ringfence/isolation/supervisor/child';
import { LoopLag } from './loop-lag.ts';

const all = new LoopLag();
const recent = new LoopLag();
const handlers = {
  /** Since it began. */
  lag: () => all.p99Ms,
  /** Since it was asked last. */
  recentLag() {
    const { p99Ms, maxMs } = recent;
    recent.reset();
    return { p99Ms, maxMs };
  },
};

export interface LagControl {
  readonly calls: typeof handlers;
  readonly events: object;
}

serve(handlers);
