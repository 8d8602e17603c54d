import type { Clock } from '@ringfence/base';
import type { SupervisorStatus } from '@ringfence/isolation/supervisor';
import type { Attempt, ProviderState } from './worker/contract.ts';

/** What was measured of one provider. Plain data. */
export interface ProviderMetrics {
  readonly name: string;
  /** As the worker that answered last has it: in a pool each has its own. */
  readonly breaker: ProviderState['breaker'];
  /** How often it was asked. */
  readonly requests: number;
  readonly failures: number;
  /** How often it was left alone. */
  readonly skipped: number;
  /** Of the last 256 requests, milliseconds; 0 before the first. */
  readonly latencyMs: { readonly last: number; readonly median: number; readonly p95: number };
}

/** What is worth watching. Plain data. */
export interface TelephonyMetrics {
  /** Since the worker is ready, milliseconds; 0 while it is not. */
  readonly uptimeMs: number;
  /** Of the worker, since telephony was made. */
  readonly restarts: number;
  readonly checks: {
    readonly answered: number;
    readonly failed: number;
    /** 0 to 1; 1 before the first. */
    readonly successRate: number;
  };
  readonly providers: readonly ProviderMetrics[];
  readonly activeCalls: number;
  readonly credentials: {
    readonly issued: number;
    readonly failed: number;
    /** In the last hour. */
    readonly lastHour: number;
    /** In the last minute that is over. */
    readonly perMinute: number;
  };
}

const mostSamples = 256;
const minuteMs = 60_000;
const minutes = 61;

/** The last samples, and what they say together. */
class Samples {
  readonly #samples: number[] = [];
  #next = 0;

  add(value: number): void {
    this.#samples[this.#next % mostSamples] = value;
    this.#next += 1;
  }

  read(): ProviderMetrics['latencyMs'] {
    const sorted = [...this.#samples].sort((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
    const last = this.#samples[(this.#next - 1) % mostSamples] ?? 0;
    return { last, median: at(0.5), p95: at(0.95) };
  }
}

/** How often something happened, by the minute, for an hour. */
export class Rate {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #counts: number[] = Array.from({ length: minutes }, () => 0);
  #newest: number;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.#newest = this.#minute();
  }

  count(): void {
    this.#turn();
    this.#counts[this.#newest % minutes]! += 1;
  }

  /** In the last 60 minutes, the one under way among them. */
  get lastHour(): number {
    this.#turn();
    const sum = this.#counts.reduce((total, count) => total + count, 0);
    return sum - this.#counts[(this.#newest + 1) % minutes]!;
  }

  get lastMinute(): number {
    this.#turn();
    return this.#counts[(this.#newest + minutes - 1) % minutes]!;
  }

  #minute(): number {
    return Math.floor(this.#clock.monotonic() / minuteMs);
  }

  #turn(): void {
    const now = this.#minute();
    const stale = Math.min(minutes, now - this.#newest);
    for (let back = 0; back < stale; back += 1) this.#counts[(now - back) % minutes] = 0;
    this.#newest = now;
  }
}

class ProviderCounts {
  requests = 0;
  failures = 0;
  skipped = 0;
  readonly latency = new Samples();
}

/** Counts what the answers of the worker say. It is the host's: a worker that dies forgets nothing. */
export class Meter {
  /** Of the providers that are counted: a worker that makes names up fills nothing. */
  readonly names: readonly string[];
  readonly #providers = new Map<string, ProviderCounts>();
  readonly #credentials: Rate;
  #states: readonly ProviderState[] = [];
  #issued = 0;
  #notIssued = 0;

  constructor(clock: Pick<Clock, 'monotonic'>, names: readonly string[]) {
    this.names = names;
    this.#credentials = new Rate(clock);
  }

  get states(): readonly ProviderState[] {
    return this.#states;
  }

  answered(attempts: readonly Attempt[], states: readonly ProviderState[]): void {
    this.#states = states;
    for (const { provider, tookMs, code } of attempts) {
      if (!this.names.includes(provider)) continue;
      const counts = this.#of(provider);
      if (code === 'breaker_open') {
        counts.skipped += 1;
        continue;
      }
      counts.requests += 1;
      if (code !== null) counts.failures += 1;
      counts.latency.add(tookMs);
    }
  }

  /** The worker is another one: its breakers are closed. */
  restarted(): void {
    this.#states = this.#states.map((state) => ({ ...state, breaker: 'closed' }));
  }

  credential(isIssued: boolean): void {
    if (isIssued) this.#credentials.count();
    if (isIssued) this.#issued += 1;
    else this.#notIssued += 1;
  }

  read(status: SupervisorStatus, activeCalls: number): TelephonyMetrics {
    const sum = (field: 'pingsAnswered' | 'pingsFailed'): number =>
      status.children.reduce((total, child) => total + child[field], 0);
    const [answered, failed] = [sum('pingsAnswered'), sum('pingsFailed')];
    return {
      uptimeMs: status.upMs,
      restarts: status.restarts,
      checks: {
        answered,
        failed,
        successRate: answered + failed === 0 ? 1 : answered / (answered + failed),
      },
      providers: [...this.#providers].map(([name, counts]) => ({
        name,
        breaker: this.#states.find((state) => state.name === name)?.breaker ?? 'closed',
        requests: counts.requests,
        failures: counts.failures,
        skipped: counts.skipped,
        latencyMs: counts.latency.read(),
      })),
      activeCalls,
      credentials: {
        issued: this.#issued,
        failed: this.#notIssued,
        lastHour: this.#credentials.lastHour,
        perMinute: this.#credentials.lastMinute,
      },
    };
  }

  #of(provider: string): ProviderCounts {
    let counts = this.#providers.get(provider);
    if (counts === undefined) this.#providers.set(provider, (counts = new ProviderCounts()));
    return counts;
  }
}
