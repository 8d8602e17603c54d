import type { MediaReport } from '@ringfence/call-machine';
import type { EndCause } from '@ringfence/call-rules';
import type { MediaEngine, MediaSession } from '@ringfence/media';

/** What the user answers when asked for the microphone: null allows it. */
export interface InstantMedia extends MediaEngine {
  microphone: EndCause | null;
}

/** Media that is there at once, and shows and plays nothing. */
export function createInstantMedia(): InstantMedia {
  const close = async (): Promise<void> => {};
  const engine: InstantMedia = {
    microphone: null,
    close,
    [Symbol.asyncDispose]: close,
    session({ callId }): MediaSession {
      let report: (report: MediaReport) => void = () => {};
      return {
        callId,
        localStream: null,
        remoteStream: null,
        quality: null,
        on: () => () => {},
        open: (listener) => {
          report = listener;
        },
        acquire: () => {
          const cause = engine.microphone;
          report(cause === null ? { type: 'media.acquired' } : { type: 'media.refused', cause });
        },
        connect: ({ mediaEpoch }) => report({ type: 'media.connected', mediaEpoch }),
        control: () => {},
        close: () => {},
      };
    },
  };
  return engine;
}
