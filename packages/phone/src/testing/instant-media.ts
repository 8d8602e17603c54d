import { Emitter } from '@ringfence/base';
import type { MediaControl, MediaReport } from '@ringfence/call-machine';
import type { EndCause, LegId } from '@ringfence/call-rules';
import type {
  DeviceList,
  DeviceSelection,
  Devices,
  MediaEngine,
  MediaEngineEvents,
  MediaSession,
} from '@ringfence/media';
import { dtmfError, idsOf, isDtmf, unavailable } from '@ringfence/media/testing';

/** Media that shows and plays nothing, and what a test does to it. */
export interface InstantMedia extends MediaEngine {
  /** What the user answers when asked for the microphone: null allows it. */
  microphone: EndCause | null;
  /** The DTMF that was sent, in all calls together. */
  dtmf: string;
  /** Tells that the browser plays no sound yet, or that it does. */
  block(isBlocked: boolean): void;
}

const devices: DeviceList = {
  microphones: [
    { id: 'microphone', label: 'Built-in microphone', isDefault: true },
    { id: 'headset', label: 'Headset', isDefault: false },
  ],
  cameras: [{ id: 'camera', label: 'Built-in camera', isDefault: true }],
  outputs: [
    { id: 'speaker', label: 'Built-in speaker', isDefault: true },
    { id: 'headset-speaker', label: 'Headset', isDefault: false },
  ],
};

const isOutput = (id: string): boolean =>
  id === '' || devices.outputs.some((output) => output.id === id);

function createDevices(): Devices {
  let selected: DeviceSelection = { microphone: '', camera: '', output: '' };
  return {
    list: async () => devices,
    get selected() {
      return selected;
    },
    async select(choice) {
      const present = idsOf(devices);
      if (!Object.values(choice).every((id) => !id || present.has(id))) {
        throw unavailable('device_unavailable');
      }
      selected = { ...selected, ...choice };
    },
    on: () => () => {},
  };
}

/** Media that is there at once. */
export function createInstantMedia(): InstantMedia {
  const emitter = new Emitter<MediaEngineEvents>(() => {});
  const close = async (): Promise<void> => {};
  const engine: InstantMedia = {
    microphone: null,
    dtmf: '',
    devices: createDevices(),
    on: (name, listener) => emitter.on(name, listener),
    block: (isBlocked) => emitter.emit(isBlocked ? 'audio.blocked' : 'audio.unblocked', undefined),
    unlockAudio: async () => engine.block(false),
    close,
    [Symbol.asyncDispose]: close,
    session({ callId }): MediaSession {
      let report: (report: MediaReport) => void = () => {};
      let audioOutput = '';
      let hasSound = false;
      let control: MediaControl | undefined;
      const legs = new Set<LegId>();
      return {
        callId,
        localStream: null,
        remoteStream: null,
        remoteStreams: new Map(),
        quality: null,
        qualityOf: () => null,
        get audioOutput() {
          return audioOutput;
        },
        async setAudioOutput(deviceId) {
          if (!isOutput(deviceId)) throw unavailable('audio_output_unavailable');
          audioOutput = deviceId;
        },
        async sendDtmf(sent) {
          if (!isDtmf(sent)) throw dtmfError('invalid_dtmf');
          const isHeard = [...legs].some((leg) => !control?.heldBy.includes(leg));
          if (!hasSound || control?.held || !isHeard) throw dtmfError('dtmf_unavailable');
          engine.dtmf += sent;
        },
        on: () => () => {},
        open: (listener) => {
          report = listener;
        },
        acquire: ({ audio }) => {
          hasSound = audio;
          const cause = engine.microphone;
          report(cause === null ? { type: 'media.acquired' } : { type: 'media.refused', cause });
        },
        connect({ mediaEpoch, peerLegId }) {
          legs.add(peerLegId);
          report({ type: 'media.connected', mediaEpoch, peerLegId });
        },
        disconnect: (peerLegId) => legs.delete(peerLegId),
        control: (next) => {
          control = next;
        },
        close: () => legs.clear(),
      };
    },
  };
  return engine;
}
