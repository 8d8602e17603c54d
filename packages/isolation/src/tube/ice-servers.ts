import { numberOption, RingfenceError } from '@ringfence/base';
import { functionOption, recordOption } from '../legal-options.ts';
import type { ExecuteOptions, Work, WorkContext } from '../breaker/execution.ts';

/** How the TURN servers of a tube did. */
export interface TurnStatistics {
  /** Fetches of servers and uses of them that were reported. */
  readonly attempts: number;
  readonly failures: number;
  /** Since the last success, or since fresh servers came. */
  readonly failuresInARow: number;
  /** How often servers were given up. */
  readonly retirements: number;
  /** Servers that came and were left out: no browser takes them. */
  readonly unusable: number;
}

/** What is told of TURN servers to whoever watches their tube. */
export type TurnEvent =
  | { readonly type: 'turn.failed'; readonly errorType: string }
  /** A server answered or relayed; those in use were given up; there are fresh ones. */
  | { readonly type: 'turn.succeeded' | 'turn.retired' | 'turn.renewed' };

/** The part of a tube that its servers need. */
interface ServersOwner {
  readonly closed: boolean;
  tell(event: TurnEvent): void;
  execute<Result>(dependency: 'turn', work: Work<Result>, options: ExecuteOptions): Promise<Result>;
  contain<Arguments extends readonly unknown[]>(
    source: string,
    callback: (...given: Arguments) => unknown,
  ): (...given: Arguments) => void;
}

/** A STUN or TURN server (W3C WebRTC section 4.2.4). */
export interface AnyIceServer {
  readonly urls: string | readonly string[];
  /** Of a TURN server. Without, no browser takes it. */
  readonly username?: string | undefined;
  readonly credential?: string | undefined;
}

export interface IceServersOptions<Server> {
  /** TURN failures in a row that retire the servers. Default 5; 1 to 1,000. */
  readonly failureLimit?: number;
  /** How long one fetch may take, milliseconds. Default: as the breaker `turn` has it. */
  readonly timeoutMs?: number;
  /**
   * Fresh servers came in place of some that were retired: for `setConfiguration()`. Restart ICE only
   * where media is missing: a connection that found another way needs no TURN.
   */
  readonly renewed?: (servers: readonly Server[]) => unknown;
}

/** Fetches STUN and TURN servers, with fresh credentials. */
export type FetchIceServers<Server> = (context: WorkContext) => PromiseLike<readonly Server[]>;

/**
 * The STUN and TURN servers of one tube, made by `Tube.iceServers`. They are fetched through its
 * breaker `turn`. After five TURN failures in a row they are given up, and fresh ones are fetched.
 * While none can be had, those that were fetched last are better than none.
 *
 * A TURN failure is a fetch that failed, or one that {@link failed} reports.
 */
export class IceServers<Server extends AnyIceServer = AnyIceServer> {
  readonly #tube: ServersOwner;
  readonly #fetch: FetchIceServers<Server>;
  readonly #options: IceServersOptions<Server>;
  readonly #failureLimit: number;
  #servers: readonly Server[] | undefined;
  /** The last that came, retired or not. */
  #known: readonly Server[] | undefined;
  #fetching: Promise<readonly Server[]> | undefined;
  #attempts = 0;
  #failures = 0;
  #inARow = 0;
  #retirements = 0;
  #unusable = 0;
  #isRetired = false;

  /** @throws {RingfenceError} `invalid_option`. */
  constructor(
    tube: ServersOwner,
    fetch: FetchIceServers<Server>,
    options: IceServersOptions<Server> = {},
  ) {
    this.#tube = tube;
    this.#fetch = functionOption('fetch', fetch);
    this.#options = recordOption('options', options);
    this.#failureLimit = numberOption('failureLimit', options.failureLimit ?? 5, 1, 1_000);
    numberOption('timeoutMs', options.timeoutMs ?? 0, 0, 86_400_000);
  }

  /** True from when servers are given up until there are fresh ones. */
  get isRetired(): boolean {
    return this.#isRetired;
  }

  /**
   * Those to use now: fetched at the first call, and after the last ones were retired.
   *
   * @throws as {@link fresh}.
   */
  async current(): Promise<readonly Server[]> {
    return this.#servers ?? this.fresh();
  }

  /**
   * Fetches servers with new credentials, as before an ICE restart. Who asks meanwhile gets the same
   * answer. When none can be had: those that were fetched last. What no browser can read is left
   * out, and counted as `unusable`.
   *
   * @throws as a rejection, when there never were any: what the fetch throws; what
   * `CircuitBreaker.execute` does; `invalid_ice_servers`, whose `details.unusable` says which fields.
   */
  fresh(): Promise<readonly Server[]> {
    this.#fetching ??= this.#fetched().finally(() => (this.#fetching = undefined));
    return this.#fetching;
  }

  /** A server did its work: a relay candidate was gathered. */
  succeeded(): void {
    this.#inARow = 0;
    this.#attempts += 1;
    this.#tube.tell({ type: 'turn.succeeded' });
  }

  /** A server failed: `icecandidateerror` of a TURN server, or a relay that carries nothing. */
  failed(errorType = 'unknown'): void {
    this.#attempts += 1;
    this.#failures += 1;
    this.#inARow += 1;
    this.#tube.tell({ type: 'turn.failed', errorType });
    if (this.#inARow < this.#failureLimit) return;
    if (!this.#isRetired) {
      this.#isRetired = true;
      this.#retirements += 1;
      this.#servers = undefined;
      this.#tube.tell({ type: 'turn.retired' });
    }
    // When none can be had, the next failure or the next who asks tries again.
    this.fresh().catch(() => {});
  }

  /** Takes the servers as good again. The totals stay. */
  reset(): void {
    this.#inARow = 0;
    if (!this.#isRetired) return;
    this.#isRetired = false;
    this.#tube.tell({ type: 'turn.renewed' });
  }

  statistics(): TurnStatistics {
    return {
      attempts: this.#attempts,
      failures: this.#failures,
      failuresInARow: this.#inARow,
      retirements: this.#retirements,
      unusable: this.#unusable,
    };
  }

  async #fetched(): Promise<readonly Server[]> {
    let servers: readonly Server[];
    try {
      servers = await this.#tube.execute(
        'turn',
        async (context) => this.#checked(await this.#fetch(context)),
        this.#options,
      );
    } catch (thrown) {
      // Not asked, or nobody waits any more: that says nothing of the servers.
      const { code } = (thrown ?? {}) as { readonly code?: unknown };
      if (code !== 'breaker_open' && !this.#tube.closed) this.failed('fetch');
      if (this.#known === undefined || this.#tube.closed) throw thrown;
      return this.#known;
    }
    this.#attempts += 1;
    this.#inARow = 0;
    this.#servers = servers;
    this.#known = servers;
    this.#tube.tell({ type: 'turn.succeeded' });
    if (this.#isRetired) {
      this.reset();
      const { renewed } = this.#options;
      if (renewed !== undefined) this.#tube.contain('ice-servers', renewed)(servers);
    }
    return servers;
  }

  /** Those that are of use: one that is not would cost all the others. */
  #checked(servers: readonly Server[]): readonly Server[] {
    if (!Array.isArray(servers)) throw malformed([]);
    const unusable: string[] = [];
    const fit = (servers as readonly Server[]).filter((server, index) => {
      const field = unusableField(server);
      if (field !== undefined) unusable.push(`[${index}].${field}`);
      return field === undefined;
    });
    this.#unusable += unusable.length;
    // When there is none of use among them, who sent them failed.
    if (fit.length === 0 && unusable.length > 0) throw malformed(unusable.slice(0, mostTold));
    return fit;
  }
}

/** So many are named in an error. */
const mostTold = 8;

/** The field for which no browser takes it; undefined for one that it takes. */
function unusableField(server: unknown): 'urls' | 'username' | 'credential' | undefined {
  const { urls, username, credential } = (server ?? {}) as Partial<Record<string, unknown>>;
  const all: unknown = typeof urls === 'string' ? [urls] : urls;
  if (!Array.isArray(all) || all.length === 0) return 'urls';
  const isLegal = (url: unknown): boolean =>
    typeof url === 'string' && /^(?:stun|turn)s?:./i.test(url);
  if (!all.every(isLegal)) return 'urls';
  if (!all.some((url) => /^turn/i.test(url))) return undefined;
  if (typeof username !== 'string') return 'username';
  return typeof credential === 'string' ? undefined : 'credential';
}

/** What is wrong goes by place and name: values may be secret. */
function malformed(unusable: readonly string[]): RingfenceError {
  const which = unusable.length === 0 ? 'they are no list' : `${unusable[0]} is not legal`;
  return new RingfenceError('invalid_ice_servers', `unable to use ICE servers; ${which}`, {
    fault: 'server',
    retryable: true,
    hint: 'Look at what gives out the ICE servers.',
    details: { unusable },
  });
}
