/*
 * The network between the phones and the server: connections with delay and jitter that are cut,
 * go silent, or break on one side only, as the seed says.
 *
 *   1. A direction of a connection delivers in order and without a hole, or not at all.
 *   2. After `closed`, an end hears nothing more.
 *   3. A frame under way when a connection breaks is lost, and all that follow it.
 *   4. A network that is gone for a while holds frames up or breaks connections: the seed chooses.
 */
import { randomFraction } from '@ringfence/base';
import type { Clock, Random } from '@ringfence/base';
import type { Connection, ConnectionEvents, Transport } from '@ringfence/signaling-client';
import type { ServerSocket, SocketEvents } from '@ringfence/signaling-server';
import type { Notes } from './trace.ts';

/** What the network hands connections to. */
export type Accept = (socket: ServerSocket, info: { readonly address: string }) => SocketEvents;

/** How a connection breaks. */
export type Break =
  /** Both ends hear of it. */
  | 'reset'
  /** Nobody hears of it; frames vanish. */
  | 'silence'
  /** The server hears of it, the phone does not. */
  | 'server-hears'
  /** The phone hears of it, the server does not. */
  | 'phone-hears';

export const breaks: readonly Break[] = ['reset', 'silence', 'server-hears', 'phone-hears'];

/** RFC 6455 section 7.1.5: closed without a close frame. */
const ABNORMAL = 1006;
/** How long an end that closes a dead connection waits for the other end's word. */
const CLOSE_WAIT_MS = 3_000;
/** How long a connection attempt into a dead network takes to fail. */
const CONNECT_WAIT_MS = 4_000;

/** One end of a connection, and who listens there. */
interface End {
  /** `closing` after it asked to close: it hears of the end and of nothing else. */
  state: 'connecting' | 'open' | 'closing' | 'closed';
  lastDeliveryMs: number;
  closed(code: number, reason: string): void;
}

class Link {
  broken = false;
  /** What fell due while the network was down, in order. */
  readonly held: (() => void)[] = [];
  readonly phone: End;
  readonly server: End;
  readonly delayMs: number;

  constructor(phone: End, server: End, delayMs: number) {
    this.phone = phone;
    this.server = server;
    this.delayMs = delayMs;
  }
}

/** How long frames travel. */
export interface Latency {
  /** The longest a connection may take one way; each draws its own. Default 150. */
  readonly longestMs?: number;
  /** How much longer a single frame may take. Default 40. */
  readonly jitterMs?: number;
}

/** One phone's way to the server. */
export class Uplink implements Transport {
  /** Where the server listens; nobody does elsewhere. */
  readonly url = 'wss://calls.sim/v1/socket';
  readonly #name: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #trace: Notes;
  readonly #accept: Accept;
  readonly #links = new Set<Link>();
  readonly #latency: Required<Latency>;
  #down = false;
  #troubles = 0;

  constructor(
    name: string,
    { longestMs = 150, jitterMs = 40 }: Latency,
    collaborators: { clock: Clock; random: Random; trace: Notes; accept: Accept },
  ) {
    this.#name = name;
    this.#latency = { longestMs, jitterMs };
    this.#clock = collaborators.clock;
    this.#random = collaborators.random;
    this.#trace = collaborators.trace;
    this.#accept = collaborators.accept;
  }

  /** Connections that one end at least believes in. */
  get open(): number {
    return this.#links.size;
  }

  /** True while frames are lost, whether or not an end knows. */
  get isTroubled(): boolean {
    return (
      this.#down || ![...this.#links].some((link) => !link.broken && link.phone.state === 'open')
    );
  }

  /** Counts what went wrong so far. Two equal readings: nothing did in between. */
  get troubles(): number {
    return this.#troubles;
  }

  /** While true, no connection comes to stand and those that stand are silent. */
  get down(): boolean {
    return this.#down;
  }

  set down(down: boolean) {
    this.#trace.add(this.#name, down ? 'network down' : 'network up');
    if (this.#down === down) return;
    this.#down = down;
    this.#troubles += 1;
    for (const link of this.#links) {
      if (down) link.broken ||= randomFraction(this.#random) < 0.5;
      else for (const act of link.held.splice(0)) if (!link.broken) act();
    }
  }

  /** Breaks what stands now. A new connection works. */
  break(how: Break): void {
    this.#trace.add(this.#name, `break ${how}`);
    for (const link of this.#links) {
      if (link.broken) continue;
      link.broken = true;
      link.held.length = 0;
      this.#troubles += 1;
      if (how === 'reset' || how === 'server-hears') {
        this.#later(link.delayMs, () => this.#end(link, link.server, ABNORMAL, ''));
      }
      if (how === 'reset' || how === 'phone-hears') {
        this.#later(link.delayMs, () => this.#end(link, link.phone, ABNORMAL, ''));
      }
    }
  }

  connect(url: string, _subprotocol: string, events: ConnectionEvents): Connection {
    const delayMs = 1 + randomFraction(this.#random) ** 3 * this.#latency.longestMs;
    let socket: SocketEvents | undefined;
    const phone: End = {
      state: 'connecting',
      lastDeliveryMs: 0,
      closed: (code, reason) => events.closed(code, reason),
    };
    const server: End = {
      state: 'closed',
      lastDeliveryMs: 0,
      closed: (code) => socket?.closed(code),
    };
    const link = new Link(phone, server, delayMs);
    this.#links.add(link);
    if (this.#down || url !== this.url) {
      this.#later(CONNECT_WAIT_MS, () => this.#end(link, phone, ABNORMAL, ''));
    } else {
      this.#later(delayMs, () => {
        if (!this.#passes(link)) {
          // What broke while it came to stand is noticed by the phone, late.
          this.#later(CONNECT_WAIT_MS, () => this.#end(link, phone, ABNORMAL, ''));
          return;
        }
        server.state = 'open';
        socket = this.#accept(this.#serverSocket(link, events), { address: `${this.#name}.sim` });
        this.#deliver(link, phone, () => {
          if (phone.state !== 'connecting') return;
          phone.state = 'open';
          this.#trace.add(this.#name, 'connected');
          events.opened();
        });
      });
    }
    return {
      send: (text) => {
        if (phone.state !== 'open') return;
        this.#trace.add(this.#name, `> ${text}`);
        this.#deliver(link, server, () => {
          if (server.state === 'open') socket?.message(text);
        });
      },
      close: (code, reason) => this.#close(link, phone, server, code, reason),
    };
  }

  #serverSocket(link: Link, events: ConnectionEvents): ServerSocket {
    return {
      bufferedBytes: 0,
      send: (text) => {
        if (link.server.state !== 'open') return;
        this.#deliver(link, link.phone, () => {
          if (link.phone.state !== 'open') return;
          this.#trace.add(this.#name, `< ${text}`);
          events.message(text);
        });
      },
      close: (code, reason) => this.#close(link, link.server, link.phone, code, reason),
    };
  }

  /** A closing handshake: the other end hears, then this one; a dead line ends it by time. */
  #close(link: Link, from: End, to: End, code: number, reason: string): void {
    if (from.state === 'closing' || from.state === 'closed') return;
    from.state = 'closing';
    this.#deliver(link, to, () => {
      this.#end(link, to, code, reason);
      this.#deliver(link, from, () => this.#end(link, from, code, reason));
    });
    this.#later(CLOSE_WAIT_MS, () => {
      this.#end(link, from, ABNORMAL, '');
      if (!this.#passes(link)) return;
      this.#end(link, to, ABNORMAL, '');
    });
  }

  #passes(link: Link): boolean {
    return !link.broken && !this.#down;
  }

  #deliver(link: Link, to: End, act: () => void): void {
    const jitterMs = randomFraction(this.#random) ** 4 * this.#latency.jitterMs;
    const nowMs = this.#clock.monotonic();
    // In order: a frame never overtakes the one before it.
    const atMs = Math.max(nowMs + link.delayMs + jitterMs, to.lastDeliveryMs + 0.001);
    to.lastDeliveryMs = atMs;
    const arrive = (): void => {
      if (!link.broken) act();
    };
    this.#later(atMs - nowMs, () => {
      if (this.#down) link.held.push(arrive);
      else arrive();
    });
  }

  #end(link: Link, end: End, code: number, reason: string): void {
    if (end.state === 'closed') return;
    end.state = 'closed';
    this.#troubles += 1;
    if (link.phone.state === 'closed' && link.server.state === 'closed') this.#links.delete(link);
    this.#trace.add(this.#name, `${end === link.phone ? 'phone' : 'server'} hears close ${code}`);
    end.closed(code, reason);
  }

  #later(delayMs: number, act: () => void): void {
    this.#clock.setTimeout(act, delayMs);
  }
}
