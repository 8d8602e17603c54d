import { RingfenceError } from '@ringfence/base';
import type { CallCommand, Signaling, SignalingReport } from '@ringfence/call-machine';
import type { CallChannel, CommandBody } from '@ringfence/signaling-client';
import type { CommandName } from '@ringfence/protocol';

/**
 * Codes that tell the machine nothing: the call was hung up before the command was sent, or the
 * phone is closed.
 */
const silentCodes: ReadonlySet<string> = new Set(['command_superseded', 'client_closed']);

type Update = CallCommand & { readonly type: 'call.update' };

/**
 * The machine's signaling port on a channel of the signaling client.
 *
 * Updates go one at a time. What the user changes while one is under way goes as one when it is
 * answered: a person who toggles on a slow line is seen as they are, not as they were.
 */
export class CallSignaling implements Signaling {
  readonly #openChannel: () => CallChannel;
  #channel: CallChannel | undefined;
  #report: ((report: SignalingReport) => void) | undefined;
  #isUpdating = false;
  #isEnding = false;
  #waiting: Update | undefined;

  constructor(openChannel: () => CallChannel) {
    this.#openChannel = openChannel;
  }

  get channel(): CallChannel | undefined {
    return this.#channel;
  }

  open(report: (report: SignalingReport) => void): void {
    this.#report = report;
    const channel = this.#openChannel();
    this.#channel = channel;
    // The channel lets go of its listeners when it is closed.
    channel.on('facts', (facts) => report({ type: 'signaling.facts', facts }));
    channel.on('connection', (connected) => report({ type: 'signaling.connection', connected }));
    if (!channel.connected) report({ type: 'signaling.connection', connected: false });
    if (channel.facts !== null) report({ type: 'signaling.facts', facts: channel.facts });
  }

  send(command: CallCommand): void {
    if (command.type === 'call.hang-up') this.#isEnding = true;
    if (command.type !== 'call.update') void this.#send(command);
    else if (this.#isUpdating) this.#waiting = { ...this.#waiting, ...command };
    else void this.#update(command);
  }

  close(): void {
    this.#report = undefined;
    this.#isEnding = true;
    this.#channel?.close();
  }

  async #update(first: Update): Promise<void> {
    this.#isUpdating = true;
    let next: Update | undefined = first;
    while (next !== undefined && !this.#isEnding) {
      await this.#send(next);
      next = this.#waiting;
      this.#waiting = undefined;
    }
    this.#isUpdating = false;
  }

  async #send({ type, ...body }: CallCommand): Promise<void> {
    try {
      // Each command's body is the wire's without the id of the call; the types are one by one.
      await this.#channel?.command(type, body as CommandBody<CommandName>);
    } catch (thrown) {
      const code = thrown instanceof RingfenceError ? thrown.code : 'internal';
      if (!silentCodes.has(code))
        this.#report?.({ type: 'signaling.refused', command: type, code });
    }
  }
}
