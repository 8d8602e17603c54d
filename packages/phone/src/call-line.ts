import type { SignalingReport } from '@ringfence/call-machine';
import { isLive, legOfDevice } from '@ringfence/call-rules';
import type { CallFacts, Leg } from '@ringfence/call-rules';
import type { CallChannel, IncomingSignal, SignalingClient } from '@ringfence/signaling-client';

/** What a line works with. */
export interface LineParts {
  readonly client: Pick<SignalingClient, 'channel' | 'identity'>;
  /** True for a call that another `Call` of the phone shows, and that is not over there. */
  readonly isShown: (callId: string) => boolean;
}

/** What a line reports: a part of what signaling does. */
export type LineReport = Extract<
  SignalingReport,
  { readonly type: 'signaling.facts' | 'signaling.moved' | 'signaling.connection' }
>;

/** The newest leg of this device in a call. */
export function legHere(
  { identity }: Pick<SignalingClient, 'identity'>,
  facts: CallFacts,
): Leg | undefined {
  return legOfDevice(facts, identity!.userId, identity!.deviceId);
}

/** Ends a call that nobody shows. The command is kept until it is answered. */
export function dismiss(
  channel: CallChannel,
  command: 'call.hang-up' | 'call.decline',
  body: { readonly busy?: boolean } = {},
): void {
  channel.command(command, body).catch(() => {});
  channel.close();
}

/**
 * The way of one call to the server, which its signaling and its media share.
 *
 * When the call is moved, its facts name another call (`movedTo`) and this device has a leg there.
 * The line then goes over to that call's channel and reports `signaling.moved`; the end of the first
 * call is told to nobody. A call that is moved into one the phone shows already has just ended.
 */
export class CallLine {
  readonly #parts: LineParts;
  readonly #callId: string;
  #channel: CallChannel | undefined;
  /** The call that this one was moved to, until it is known whether this device is in it. */
  #next: CallChannel | undefined;
  /** The last facts of the call that was moved. */
  #last: CallFacts | undefined;
  #report: (report: LineReport) => void = () => {};
  #isClosed = false;
  #heard: ((signal: IncomingSignal) => void) | undefined;
  #unhear: () => void = () => {};

  constructor(parts: LineParts, callId: string) {
    this.#parts = parts;
    this.#callId = callId;
  }

  /** The channel of the call as it is now. Opened when it is first asked for. */
  get channel(): CallChannel {
    return (this.#channel ??= this.#open(this.#callId));
  }

  /** Starts to report. Reports may come from within. */
  listen(report: (report: LineReport) => void): void {
    this.#report = report;
    const { channel } = this;
    if (!channel.connected) report({ type: 'signaling.connection', connected: false });
    if (channel.facts) this.#take(channel, channel.facts);
  }

  /** Passes on the signals of the call, wherever it goes on. Returns the function that stops it. */
  hear(listener: (signal: IncomingSignal) => void): () => void {
    this.#heard = listener;
    this.#unhear = this.channel.on('signal', listener);
    return () => {
      this.#heard = undefined;
      this.#unhear();
    };
  }

  close(): void {
    const { isShown } = this.#parts;
    this.#isClosed = true;
    if (this.#next && !isShown(this.#next.callId)) dismiss(this.#next, 'call.hang-up');
    // A dial may have met the call that was let go here, and gone over to its channel.
    if (this.#channel && !isShown(this.#channel.callId)) this.#channel.close();
  }

  #open(callId: string): CallChannel {
    const channel = this.#parts.client.channel(callId);
    // A channel lets go of its listeners when it is closed.
    channel.on('facts', (facts) => this.#take(channel, facts));
    channel.on('connection', (connected) => {
      if (channel === this.#channel) this.#report({ type: 'signaling.connection', connected });
    });
    return channel;
  }

  #take(channel: CallChannel, facts: CallFacts): void {
    if (this.#isClosed) return;
    if (channel === this.#next) return this.#follow(channel, facts);
    if (facts.call.movedTo === null) return this.#report({ type: 'signaling.facts', facts });
    this.#last = facts;
    this.#look(facts.call.movedTo);
  }

  /** Looks whether this device is in the call that this one was moved to. */
  #look(callId: string | null): void {
    if (callId === null || this.#parts.isShown(callId)) {
      return this.#report({ type: 'signaling.facts', facts: this.#last! });
    }
    const next = this.#open(callId);
    this.#next = next;
    if (next.facts) this.#follow(next, next.facts);
  }

  #follow(next: CallChannel, facts: CallFacts): void {
    const leg = legHere(this.#parts.client, facts);
    if (this.#parts.isShown(next.callId)) {
      // Two calls were moved there: the other has the channel.
      this.#next = undefined;
      return this.#look(next.callId);
    }
    if (!leg || facts.call.state === 'ended' || !isLive(facts, leg)) {
      this.#next = undefined;
      next.close();
      // It may have moved on already.
      return this.#look(facts.call.movedTo);
    }
    // Who talked goes on talking. A leg that rings still is from before the move.
    if (leg.state !== 'won' && legHere(this.#parts.client, this.#last!)?.state === 'won') return;
    this.#channel?.close();
    this.#channel = next;
    this.#next = undefined;
    this.#report({ type: 'signaling.moved', facts, legId: leg.id });
    // The client keeps what other legs sent here until somebody listens: the machine has connected.
    if (this.#heard) this.#unhear = next.on('signal', this.#heard);
  }
}
