import { randomFraction } from '@ringfence/base';
import type { Clock, Random, TimerHandle } from '@ringfence/base';
import type { Connection, ConnectionEvents, Transport } from '../transport.ts';

/** A socket as a server sees it. The signaling server's `ServerSocket` has this shape. */
export interface MemorySocket {
  send(text: string): void;
  close(code: number, reason: string): void;
  /** Always 0: the memory network takes everything at once. */
  readonly bufferedBytes: number;
}

/** What a server does as things happen to its socket. */
export interface MemorySocketEvents {
  message(text: string): void;
  binary(): void;
  closed(code: number): void;
}

/** Takes a connection, as the signaling server's method does. Null refuses it with 1006. */
export type MemoryAccept = (
  socket: MemorySocket,
  info: { readonly address: string },
) => MemorySocketEvents | null;

export interface MemoryTransportOptions {
  readonly accept: MemoryAccept;
  /** Time passes on it, and frames arrive through its timers, also without a latency. */
  readonly clock: Clock;
  /** Draws the jitter. Needed only with one. */
  readonly random?: Random | undefined;
  /** How long a frame travels. Default 0. */
  readonly latencyMs?: number | undefined;
  /** How much longer it may take, drawn evenly. Frames never overtake each other. Default 0. */
  readonly jitterMs?: number | undefined;
  /** What the server is told. Default `memory`. */
  readonly address?: string | undefined;
}

/** A network in memory, on a given clock, that can be cut. */
export interface MemoryTransport extends Transport {
  latencyMs: number;
  jitterMs: number;
  /** How many connections stand or are being made. */
  readonly size: number;
  /** Every connection breaks: what is under way is lost, and both ends hear 1006. */
  cut(): void;
  /**
   * Every connection goes dead without a word: what is under way and what is sent is lost, and
   * nobody hears of it until one end closes.
   */
  stall(): void;
}

/** What travels to one end, in order. */
class Pipe {
  #dueMs = 0;
  readonly #timers = new Set<TimerHandle>();
  readonly #network: Network;

  constructor(network: Network) {
    this.#network = network;
  }

  carry(deliver: () => void): void {
    const { clock } = this.#network;
    const nowMs = clock.monotonic();
    this.#dueMs = Math.max(this.#dueMs, nowMs + this.#network.delayMs());
    const timer = clock.setTimeout(() => {
      this.#timers.delete(timer);
      deliver();
    }, this.#dueMs - nowMs);
    this.#timers.add(timer);
  }

  /** What is under way is lost. */
  drop(): void {
    for (const timer of this.#timers) this.#network.clock.clearTimeout(timer);
    this.#timers.clear();
  }
}

interface Network {
  readonly clock: Clock;
  readonly address: string;
  delayMs(): number;
  ended(link: MemoryConnection): void;
}

/** One connection: two ends and a pipe to each. */
class MemoryConnection implements Connection {
  readonly #network: Network;
  readonly #client: ConnectionEvents;
  #server: MemorySocketEvents | null = null;
  readonly #toClient: Pipe;
  readonly #toServer: Pipe;
  #isStalled = false;
  #clientState: 'connecting' | 'open' | 'closing' | 'closed' = 'connecting';
  #isServerOpen = false;

  constructor(network: Network, accept: MemoryAccept, client: ConnectionEvents) {
    this.#network = network;
    this.#client = client;
    this.#toClient = new Pipe(network);
    this.#toServer = new Pipe(network);
    this.#toServer.carry(() => this.#accept(accept));
  }

  send(text: string): void {
    if (this.#clientState !== 'open' || this.#isStalled) return;
    this.#toServer.carry(() => {
      if (this.#isServerOpen) this.#server?.message(text);
    });
  }

  close(code: number, reason: string): void {
    if (this.#clientState === 'closed' || this.#clientState === 'closing') return;
    this.#clientState = 'closing';
    if (this.#isStalled) return;
    this.#toServer.carry(() => {
      this.#closeServer(code);
      this.#toClient.carry(() => this.#closeClient(code, reason));
    });
  }

  cut(): void {
    this.stall();
    this.#closeClient(1006, '');
    this.#closeServer(1006);
  }

  stall(): void {
    this.#isStalled = true;
    this.#toClient.drop();
    this.#toServer.drop();
  }

  #accept(accept: MemoryAccept): void {
    this.#isServerOpen = true;
    this.#toClient.carry(() => {
      if (this.#clientState !== 'connecting') return;
      if (this.#server === null) return this.#closeClient(1006, '');
      this.#clientState = 'open';
      this.#client.opened();
    });
    const socket: MemorySocket = {
      bufferedBytes: 0,
      send: (text) => {
        if (!this.#isServerOpen || this.#isStalled) return;
        this.#toClient.carry(() => {
          if (this.#clientState === 'open') this.#client.message(text);
        });
      },
      close: (code, reason) => {
        if (!this.#isServerOpen) return;
        this.#isServerOpen = false;
        if (this.#isStalled) return this.#server?.closed(1006);
        this.#toClient.carry(() => {
          this.#closeClient(code, reason);
          this.#toServer.carry(() => this.#server?.closed(code));
        });
      },
    };
    this.#server = accept(socket, { address: this.#network.address });
    if (this.#server === null) this.#isServerOpen = false;
  }

  #closeClient(code: number, reason: string): void {
    if (this.#clientState === 'closed') return;
    this.#clientState = 'closed';
    this.#network.ended(this);
    this.#client.closed(code, reason);
  }

  #closeServer(code: number): void {
    if (!this.#isServerOpen) return;
    this.#isServerOpen = false;
    this.#server?.closed(code);
  }
}

/**
 * Makes a network in memory. Time passes on `clock` and chance comes from `random`, so the same
 * seed gives the same run.
 *
 * @example
 * const accept = (socket, info) => server.accept(socket, info);
 * const network = createMemoryTransport({ accept, clock });
 * const client = createSignalingClient(options, { transport: network, clock, random });
 */
export function createMemoryTransport(options: MemoryTransportOptions): MemoryTransport {
  const { accept, clock, random } = options;
  const connections = new Set<MemoryConnection>();
  const network: Network = {
    clock,
    address: options.address ?? 'memory',
    delayMs() {
      const { latencyMs, jitterMs } = transport;
      const extra = jitterMs > 0 && random ? randomFraction(random) * jitterMs : 0;
      return latencyMs + extra;
    },
    ended: (connection) => connections.delete(connection),
  };
  const transport: MemoryTransport = {
    latencyMs: options.latencyMs ?? 0,
    jitterMs: options.jitterMs ?? 0,
    get size() {
      return connections.size;
    },
    connect(_url, _subprotocol, events) {
      const connection = new MemoryConnection(network, accept, events);
      connections.add(connection);
      return connection;
    },
    cut() {
      for (const connection of [...connections]) connection.cut();
    },
    stall() {
      for (const connection of [...connections]) connection.stall();
    },
  };
  return transport;
}
