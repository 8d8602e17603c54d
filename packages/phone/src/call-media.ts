import type { Media } from '@ringfence/call-machine';
import type { Tube } from '@ringfence/isolation';
import type { MediaEngine, MediaSession } from '@ringfence/media';
import type { CallLine } from './call-line.ts';
import { phoneError } from './errors.ts';

/** The machine's media port, and the session behind it where there is one. */
export interface CallMedia {
  readonly port: Media;
  readonly session?: MediaSession;
}

/**
 * Makes the media session of a call, which signals on its line wherever the call goes. An engine
 * that throws makes a port that throws when the machine opens it: that ends the call and not the
 * app.
 */
export function createCallMedia(
  engine: MediaEngine,
  callId: string,
  line: CallLine,
  tube: Tube,
): CallMedia {
  try {
    const session = engine.session({
      callId,
      tube,
      signals: {
        send(signal) {
          const { channel } = line;
          // Without a server nothing is sent, and media may well come back by itself.
          if (!channel.signal(signal) && channel.connected) throw phoneError('signal_refused');
        },
        receive: (listener) => line.hear(listener),
      },
      iceServers: () => line.channel.iceServers(),
    });
    return { port: session, session };
  } catch (thrown) {
    const open = (): never => {
      throw thrown;
    };
    // Once it did not open, the machine only closes it.
    const port: Partial<Media> = { open, close() {} };
    return { port: port as Media };
  }
}
