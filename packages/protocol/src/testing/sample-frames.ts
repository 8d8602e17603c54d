import { callFrames } from './sample-call-frames.ts';
import type { SampleFrames } from './sample-call-frames.ts';
import { companyFrames } from './sample-company-frames.ts';

/**
 * Writes frames of every kind: those of a whole call between two devices, and those of rooms,
 * transfers, merges and settings. For tests and benches that need real frames.
 */
export function sampleFrames(): SampleFrames {
  const call = callFrames();
  const company = companyFrames();
  return {
    client: [...call.client, ...company.client],
    server: [...call.server, ...company.server],
  };
}
