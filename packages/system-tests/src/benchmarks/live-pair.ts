import { delay, systemClock, systemRandom } from '@ringfence/base';
import { TubeRegistry } from '@ringfence/isolation';
import { createFakeMedia } from '@ringfence/media/testing';
import { createPhone } from '@ringfence/phone';
import type { Call, Phone, Tubes } from '@ringfence/phone';
import { webSocketTransport } from '@ringfence/signaling-client';
import type { Transport } from '@ringfence/signaling-client';
import { testToken } from '@ringfence/signaling-server/testing';
import { isBeat } from './recording.ts';
import type { Side, TalkTimes } from './recording.ts';

const isHello = (text: string): boolean => text.includes('"request":"hello"');

/** Resolves once the call is in `state`. Rejects when it ends first. */
function reached(call: Call, state: Call['state']): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (call.state === state) resolve();
      else if (call.state === 'ended') reject(new Error(`the call ended ${call.end?.reason}`));
      else return;
      off();
    };
    const off = call.on('call.changed', look);
    look();
  });
}

function ready(phone: Phone): Promise<void> {
  return new Promise((resolve) => {
    const off = phone.on('phone.changed', ({ state }) => {
      if (state !== 'ready') return;
      off();
      resolve();
    });
    if (phone.state === 'ready') resolve();
  });
}

/** Two whole phones on real sockets, with media that has no browser. */
export class LivePair {
  /** Every frame both phones sent, beats left out. */
  readonly sent: string[] = [];
  /** Every frame both phones received, beats left out. */
  readonly received: string[] = [];
  /** Sends a frame of a call, by calling `send`, and what else it likes. */
  onSend: (side: Side, text: string, send: () => void) => void = (_side, _text, send) => send();
  readonly #talk: TalkTimes;
  readonly #tubes: Tubes;
  readonly #calleeId: string;
  readonly #caller: Phone;
  readonly #callee: Phone;
  #answered: (call: Call) => void = () => {};

  /** `pair` numbers those of one server. */
  constructor(url: string, pair: number, talk: TalkTimes, tubes: Tubes = new TubeRegistry()) {
    this.#talk = talk;
    this.#tubes = tubes;
    this.#calleeId = `callee-${pair}`;
    this.#caller = this.#phone(url, 'caller', `caller-${pair}`);
    this.#callee = this.#phone(url, 'callee', this.#calleeId);
    this.#callee.on('call.incoming', (call) => {
      call.accept();
      this.#answered(call);
    });
  }

  async open(): Promise<void> {
    await Promise.all([ready(this.#caller), ready(this.#callee)]);
  }

  /** One whole call, from dial to ended on both sides. */
  async call(): Promise<void> {
    const incoming = new Promise<Call>((resolve) => {
      this.#answered = resolve;
    });
    const call = await this.#caller.dial(`user:${this.#calleeId}`, { audio: true, video: true });
    const other = await incoming;
    await Promise.all([reached(call, 'active'), reached(other, 'active')]);
    await delay(systemClock, this.#talk.talkMs);
    call.hangUp();
    await Promise.all([
      reached(call, 'ended'),
      reached(other, 'ended'),
      call.ended(),
      other.ended(),
    ]);
  }

  async close(): Promise<void> {
    await Promise.all([this.#caller.close(), this.#callee.close()]);
  }

  #phone(url: string, side: Side, userId: string): Phone {
    return createPhone(
      {
        url: `${url}/v1/socket`,
        token: testToken({ userId }),
        deviceId: userId,
        tubes: this.#tubes,
      },
      {
        transport: this.#tap(side),
        media: createFakeMedia({ ...this.#talk.media, clock: systemClock, random: systemRandom }),
      },
    );
  }

  #tap(side: Side): Transport {
    return {
      connect: (url, subprotocol, events) => {
        const connection = webSocketTransport.connect(url, subprotocol, {
          opened: () => events.opened(),
          message: (text) => {
            if (!isBeat(text)) this.received.push(text);
            events.message(text);
          },
          closed: (code, reason) => events.closed(code, reason),
        });
        return {
          send: (text) => {
            const send = (): void => connection.send(text);
            if (isBeat(text) || isHello(text)) return send();
            this.sent.push(text);
            this.onSend(side, text, send);
          },
          close: (code, reason) => connection.close(code, reason),
        };
      },
    };
  }
}
