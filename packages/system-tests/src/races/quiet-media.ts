import { randomFraction } from '@ringfence/base';
import type { Clock, Random, TimerHandle } from '@ringfence/base';
import type { MediaReport } from '@ringfence/call-machine';
import type { LegId } from '@ringfence/call-rules';
import type { Devices, MediaEngine, MediaSession } from '@ringfence/media';

/** Media that connects by itself after a moment, without a signal: races are about facts. */
export interface QuietMedia extends MediaEngine {
  /** Sessions that are open. */
  readonly size: number;
}

/** The longest it takes to connect. */
const CONNECT_MS = 30;

const noDevices: Devices = {
  list: () => Promise.resolve({ microphones: [], cameras: [], outputs: [] }),
  selected: { microphone: '', camera: '', output: '' },
  select: () => Promise.resolve(),
  on: () => () => {},
};

export function createQuietMedia(clock: Clock, random: Random): QuietMedia {
  const open = new Set<MediaSession>();
  const close = (): Promise<void> => Promise.resolve();
  return {
    get size() {
      return open.size;
    },
    devices: noDevices,
    on: () => () => {},
    unlockAudio: close,
    close,
    [Symbol.asyncDispose]: close,
    session({ callId }) {
      const session = createSession(callId, clock, random, () => open.delete(session));
      open.add(session);
      return session;
    },
  };
}

function createSession(
  callId: string,
  clock: Clock,
  random: Random,
  closed: () => void,
): MediaSession {
  const connecting = new Map<LegId, TimerHandle>();
  let report: (report: MediaReport) => void = () => {};
  const disconnect = (legId: LegId): void => {
    clock.clearTimeout(connecting.get(legId));
    connecting.delete(legId);
  };
  return {
    callId,
    localStream: null,
    remoteStream: null,
    remoteStreams: new Map(),
    quality: null,
    qualityOf: () => null,
    audioOutput: '',
    setAudioOutput: () => Promise.resolve(),
    sendDtmf: () => Promise.resolve(),
    on: () => () => {},
    open: (listener) => {
      report = listener;
    },
    acquire: () => report({ type: 'media.acquired' }),
    connect({ mediaEpoch, peerLegId }) {
      disconnect(peerLegId);
      const connected = (): void => report({ type: 'media.connected', mediaEpoch, peerLegId });
      const waitMs = randomFraction(random) * CONNECT_MS;
      connecting.set(peerLegId, clock.setTimeout(connected, waitMs));
    },
    disconnect,
    control: () => {},
    close() {
      for (const legId of [...connecting.keys()]) disconnect(legId);
      closed();
    },
  };
}
