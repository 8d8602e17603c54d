import { SUBPROTOCOL } from '@ringfence/protocol';
import { webSocketTransport } from '@ringfence/signaling-client';
import type { Connection } from '@ringfence/signaling-client';
import type { Side } from './recording.ts';

const sides: readonly Side[] = ['caller', 'callee'];

/**
 * Two connections to a relay that say what two phones say to our server, the same bytes at the
 * same moment. So both servers are measured at the same time, under the same load.
 */
export class Mirror {
  readonly #connections: Readonly<Record<Side, Connection>>;
  readonly #opened: readonly Promise<void>[];
  /** Frames and characters that came back. */
  received = 0;
  characters = 0;

  constructor(relayUrl: string, pair: number) {
    const opened: Promise<void>[] = [];
    const connect = (side: Side): Connection => {
      let isOpen: () => void;
      opened.push(new Promise((resolve) => (isOpen = resolve)));
      return webSocketTransport.connect(`${relayUrl}/${pair}/${side}`, SUBPROTOCOL, {
        opened: () => isOpen(),
        message: (text) => {
          this.received += 1;
          this.characters += text.length;
        },
        closed: () => {},
      });
    };
    const [caller, callee] = sides.map(connect) as [Connection, Connection];
    this.#connections = { caller, callee };
    this.#opened = opened;
  }

  async open(): Promise<void> {
    await Promise.all(this.#opened);
  }

  say(side: Side, text: string): void {
    this.#connections[side].send(text);
  }

  close(): void {
    for (const side of sides) this.#connections[side].close(1000, '');
  }
}
