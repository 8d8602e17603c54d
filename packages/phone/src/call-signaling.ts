import { RingfenceError, toError } from '@ringfence/base';
import type { CallCommand, Signaling, SignalingReport } from '@ringfence/call-machine';
import type { Tube } from '@ringfence/isolation';
import type { CommandName } from '@ringfence/protocol';
import type { CommandBody } from '@ringfence/signaling-client';
import type { CallLine, LineReport } from './call-line.ts';

/**
 * Codes that tell the machine nothing: the call was hung up before the command was sent, or the
 * phone is closed.
 */
const silentCodes: ReadonlySet<string> = new Set(['command_superseded', 'client_closed']);

type Update = CallCommand & { readonly type: 'call.update' };

/**
 * The machine's signaling port on the line of its call.
 *
 * Updates go one at a time. What the user changes while one is under way goes as one when it is
 * answered: a person who toggles on a slow line is seen as they are, not as they were. Where that
 * one was refused, it goes with what came after: nothing is taken back over a newer wish.
 *
 * No update goes behind a transfer: who left by it may be in the call again by the time it comes.
 *
 * Updates and requests go through the breaker `signaling` of the call: a server that fails is not
 * asked for more until it may answer again, or is heard of in another way. What ends or answers a call,
 * or tells of its media, always goes.
 */
export class CallSignaling implements Signaling {
  readonly #line: CallLine;
  readonly #tube: Tube;
  #report: ((report: SignalingReport) => void) | undefined;
  /** The update under way. */
  #update: Update | undefined;
  #isEnding = false;
  #waiting: Update | undefined;
  /** Settles once the last transfer is answered. */
  #leaving: Promise<void> | undefined;

  constructor(line: CallLine, tube: Tube) {
    this.#line = line;
    this.#tube = tube;
  }

  open(report: (report: SignalingReport) => void): void {
    this.#report = report;
    const heard = (said: LineReport): void => {
      this.#tube.breaker('signaling').reset();
      this.#report?.(said);
    };
    this.#line.listen(this.#tube.contain('signaling', heard));
  }

  send(command: CallCommand, ticket?: string): void {
    if (command.type === 'call.hang-up') this.#isEnding = true;
    if (command.type !== 'call.update') {
      const sent = this.#send(command, ticket);
      if (command.type === 'call.transfer') this.#leaving = sent;
    } else if (this.#update) this.#waiting = { ...this.#waiting, ...command };
    else void this.#sendUpdates(command);
  }

  close(): void {
    this.#report = undefined;
    this.#isEnding = true;
    this.#line.close();
  }

  async #sendUpdates(first: Update): Promise<void> {
    this.#update = first;
    while (this.#update) {
      if (this.#leaving) await this.#leaving;
      if (this.#isEnding) return;
      await this.#send(this.#update);
      this.#update = this.#waiting;
      this.#waiting = undefined;
    }
  }

  async #send(sent: CallCommand, ticket?: string): Promise<void> {
    const { type: command, ...body } = sent;
    const { channel } = this.#line;
    // Each command's body is the wire's without the id of the call; the types are one by one.
    const run = (): Promise<unknown> => channel.command(command, body as CommandBody<CommandName>);
    const isGuarded = ticket || command === 'call.update';
    try {
      await (isGuarded ? this.#tube.execute('signaling', run, { timeoutMs: 0 }) : run());
      if (ticket !== undefined) this.#report?.({ type: 'signaling.done', ticket });
    } catch (thrown) {
      if (sent === this.#update && this.#waiting) {
        this.#waiting = { ...sent, ...this.#waiting };
        return;
      }
      const error = toError(thrown);
      const code = error instanceof RingfenceError ? error.code : 'internal';
      // Of a call that was moved since, only what somebody waits for matters.
      const matters = channel === this.#line.channel && !silentCodes.has(code);
      if (!matters && ticket === undefined) return;
      this.#report?.({ type: 'signaling.refused', command, code, ticket, error });
    }
  }
}
