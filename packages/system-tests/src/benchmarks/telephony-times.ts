/*
 * How long telephony takes to answer: its worker is a process, its provider the contract server on
 * this machine. So it is what we add to what a provider takes.
 */
import { startExample } from '@ringfence/example-isolated-service';
import { median } from './statistics.ts';

export interface AnswerTime {
  readonly medianMs: number;
  readonly p99Ms: number;
}

export interface TelephonyTimes {
  /** `status()`. */
  readonly status: AnswerTime;
  /** `GET /api/webrtc/status`. */
  readonly statusRoute: AnswerTime;
  /** `health()`: to the worker and back, twice. */
  readonly health: AnswerTime;
  /** `placeCall()`: through the worker to the provider and back. */
  readonly placeCall: AnswerTime;
  /** `start()`, until the worker is ready. */
  readonly start: AnswerTime;
}

export async function measureTelephony(rounds: number): Promise<TelephonyTimes> {
  await using example = await startExample({ isolation: { heartbeatTimeoutMs: 10_000 } });
  const { telephony, url } = example;
  const started = await telephony.start();
  if (!started.ok) throw new Error(started.error.message);
  return {
    status: await time(rounds, () => telephony.status().healthy),
    statusRoute: await time(rounds, async () => {
      const answer = await fetch(`${url}/api/webrtc/status`);
      return ((await answer.json()) as { healthy: boolean }).healthy;
    }),
    health: await time(rounds, async () => (await telephony.health()).healthy),
    placeCall: await time(rounds, async () => {
      return (await telephony.placeCall({ to: '+12025550123' })).ok;
    }),
    start: await time(
      5,
      async () => (await telephony.start()).ok,
      () => telephony.stop(),
    ),
  };
}

async function time(
  rounds: number,
  ask: () => boolean | Promise<boolean>,
  before: () => Promise<void> | void = () => {},
): Promise<AnswerTime> {
  const warmUp = Math.min(20, rounds / 5);
  const tookMs: number[] = [];
  for (let round = -warmUp; round < rounds; round += 1) {
    await before();
    const beganMs = performance.now();
    const isWell = await ask();
    if (!isWell) throw new Error('telephony did not do it');
    if (round >= 0) tookMs.push(performance.now() - beganMs);
  }
  tookMs.sort((a, b) => a - b);
  return { medianMs: median(tookMs), p99Ms: tookMs[Math.ceil(rounds * 0.99) - 1]! };
}
