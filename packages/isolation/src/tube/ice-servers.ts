import { numberOption, RingfenceError } from '@ringfence/base';
import type { WorkContext } from '../breaker/execution.ts';
import type { Tube, TubeTurn, TurnStatistics } from './tube.ts';

/** A STUN or TURN server (W3C WebRTC section 4.2.4). */
export interface AnyIceServer {
  readonly urls: string | readonly string[];
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

/**
 * The STUN and TURN servers of one tube. They are fetched through its breaker `turn`. After five
 * TURN failures in a row they are given up, and fresh ones are fetched.
 *
 * A TURN failure is a fetch that failed, or one that {@link failed} reports.
 *
 * @example
 * const iceServers = new IceServers(tube, ({ signal }) => signaling.iceServers({ signal }));
 * const connection = new RTCPeerConnection({ iceServers: await iceServers.current() });
 */
export class IceServers<Server extends AnyIceServer> implements TubeTurn {
  readonly #tube: Tube;
  readonly #fetch: (context: WorkContext) => PromiseLike<readonly Server[]>;
  readonly #options: IceServersOptions<Server>;
  readonly #failureLimit: number;
  #servers: readonly Server[] | undefined;
  #fetching: Promise<readonly Server[]> | undefined;
  #attempts = 0;
  #failures = 0;
  #inARow = 0;
  #retirements = 0;
  #isRetired = false;

  /** @throws {RingfenceError} `invalid_option`. */
  constructor(
    tube: Tube,
    fetch: (context: WorkContext) => PromiseLike<readonly Server[]>,
    options: IceServersOptions<Server> = {},
  ) {
    this.#tube = tube;
    this.#fetch = fetch;
    this.#options = options;
    this.#failureLimit = numberOption('failureLimit', options.failureLimit ?? 5, 1, 1_000);
    numberOption('timeoutMs', options.timeoutMs ?? 0, 0, 86_400_000);
    tube.turn = this;
  }

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
   * answer.
   *
   * @throws as a rejection: what the fetch throws; what `CircuitBreaker.execute` does;
   * `invalid_ice_servers`.
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
    };
  }

  async #fetched(): Promise<readonly Server[]> {
    let servers: readonly Server[];
    try {
      servers = await this.#tube.execute(
        'turn',
        async (context) => checked(await this.#fetch(context)),
        this.#options,
      );
    } catch (thrown) {
      // Not asked, or nobody waits any more: that says nothing of the servers.
      const { code } = (thrown ?? {}) as { readonly code?: unknown };
      if (code !== 'breaker_open' && !this.#tube.closed) this.failed('fetch');
      throw thrown;
    }
    this.#attempts += 1;
    this.#inARow = 0;
    this.#servers = servers;
    this.#tube.tell({ type: 'turn.succeeded' });
    if (this.#isRetired) {
      this.reset();
      const { renewed } = this.#options;
      if (renewed !== undefined) this.#tube.contain('ice-servers', renewed)(servers);
    }
    return servers;
  }
}

function isServer(server: unknown): boolean {
  const { urls } = (server ?? {}) as { readonly urls?: unknown };
  const all: unknown = typeof urls === 'string' ? [urls] : urls;
  return Array.isArray(all) && all.length > 0 && all.every((url) => typeof url === 'string');
}

/** What came is what a browser can read, or it is a failure of who sent it. */
function checked<Server>(servers: readonly Server[]): readonly Server[] {
  if (Array.isArray(servers) && servers.every(isServer)) return servers;
  throw new RingfenceError('invalid_ice_servers', 'unable to use ICE servers; they are malformed', {
    fault: 'server',
    retryable: true,
    hint: 'Look at what gives out the ICE servers.',
  });
}
