import { RingfenceError } from '@ringfence/base';
import type { Media, MediaConnect, MediaControl, MediaReport } from '@ringfence/call-machine';
import type { MediaKinds } from '@ringfence/call-rules';
import type { MediaEngine, MediaSession } from '@ringfence/media';
import type { CallChannel } from '@ringfence/signaling-client';

/** Waiting would not help: the wire never takes it (P-708). */
function signalRefused(): RingfenceError<'signal_refused'> {
  return new RingfenceError('signal_refused', 'unable to send a signal; the wire refuses it', {
    fault: 'internal',
    retryable: false,
    hint: 'Hang up and call again.',
  });
}

/** The events of a media session that a call passes on. */
export interface CallMediaEvents {
  streamChanged(streams: {
    readonly local: MediaStream | null;
    readonly remote: MediaStream | null;
  }): void;
  qualityChanged(quality: NonNullable<MediaSession['quality']>): void;
}

/**
 * The machine's media port on a session of a media engine. The session is made when the machine
 * opens the port, so that an engine that throws ends the call and not the app.
 */
export class CallMedia implements Media {
  readonly #engine: MediaEngine;
  readonly #channel: () => CallChannel;
  readonly #events: CallMediaEvents;
  #session: MediaSession | undefined;

  constructor(engine: MediaEngine, channel: () => CallChannel, events: CallMediaEvents) {
    this.#engine = engine;
    this.#channel = channel;
    this.#events = events;
  }

  get session(): MediaSession | undefined {
    return this.#session;
  }

  open(report: (report: MediaReport) => void): void {
    const channel = this.#channel();
    const session = this.#engine.session({
      callId: channel.callId,
      signals: {
        send(signal) {
          // Without a server nothing is sent, and media may well come back by itself.
          if (!channel.signal(signal) && channel.connected) throw signalRefused();
        },
        receive: (listener) => channel.on('signal', listener),
      },
      iceServers: () => channel.iceServers(),
    });
    this.#session = session;
    // The session lets go of its listeners when it is closed.
    session.on('stream.changed', (streams) => this.#events.streamChanged(streams));
    session.on('quality.changed', (quality) => this.#events.qualityChanged(quality));
    session.open(report);
  }

  acquire(kinds: MediaKinds): void {
    this.#session?.acquire(kinds);
  }

  connect(request: MediaConnect): void {
    this.#session?.connect(request);
  }

  control(control: MediaControl): void {
    this.#session?.control(control);
  }

  close(): void {
    this.#session?.close();
  }
}
