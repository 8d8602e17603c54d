import { delay, randomInteger } from '@ringfence/base';
import type { Clock, Random } from '@ringfence/base';
import type { Browser } from '../browser.ts';
import type { MediaKind } from '../capture.ts';
import { FakeAudio } from './fake-audio.ts';
import { FakePeerConnection } from './fake-peer-connection.ts';
import type { FakeNetwork } from './fake-statistics.ts';
import { FakeDevice, FakeStream } from './fake-track.ts';

export interface FakeBrowserOptions {
  /** How long a prompt for devices stands, milliseconds. Default 2. */
  readonly captureMs?: number;
  /**
   * When each ICE candidate is found after a description, milliseconds. Default two at once, then
   * one at 35 and one at 70, as host, server reflexive and relayed candidates come.
   */
  readonly candidatesAfterMs?: readonly number[];
  /** From the peer's first candidate to a connection that stands, milliseconds. Default 30. */
  readonly connectMs?: number;
  /**
   * The longest an operation of a connection takes, milliseconds. Each takes a random time up to
   * it. Default 0: operations end within the promises they make.
   */
  readonly operationMs?: number;
}

export interface FakeBrowserCollaborators {
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * A browser without a browser: devices, streams and peer connections that keep the rules of the
 * standards as far as sessions depend on them, on a clock and chance of their own.
 */
export class FakeBrowser implements Browser {
  /** What is there, in the order of the browser's list: the first of each kind is the default. */
  readonly devices: readonly FakeDevice[];
  readonly microphone: FakeDevice;
  readonly camera: FakeDevice;
  readonly speaker: FakeDevice;
  /** Every audio element made, in order. */
  readonly audios: FakeAudio[] = [];
  /** False: no sound starts before {@link gesture}. */
  allowsSound = true;
  /** Every connection made, in order. Closed ones too. */
  readonly connections: FakePeerConnection[] = [];
  /** The constraints of each call of `getUserMedia`, in order. */
  readonly asked: MediaStreamConstraints[] = [];
  /** The name of the error that opening a kind of device ends with, for as long as it is set. */
  readonly refusals = new Map<MediaKind, string>();
  /** What statistics tell of the network. */
  readonly network: FakeNetwork = { roundTripMs: 40, jitterMs: 4, lossPercent: 0 };
  readonly #options: Required<FakeBrowserOptions>;
  readonly #with: FakeBrowserCollaborators;
  readonly #devices: FakeDevice[] = [];
  readonly #deviceListeners = new Set<() => void>();
  readonly #gestureListeners = new Set<() => void>();
  /** The user has allowed a microphone or a camera: devices have names. */
  #isAllowed = false;
  #ids = 0;

  constructor(options: FakeBrowserOptions, collaborators: FakeBrowserCollaborators) {
    this.#options = {
      captureMs: options.captureMs ?? 2,
      candidatesAfterMs: options.candidatesAfterMs ?? [0, 0, 35, 70],
      connectMs: options.connectMs ?? 30,
      operationMs: options.operationMs ?? 0,
    };
    this.#with = collaborators;
    this.devices = this.#devices;
    this.microphone = this.addDevice('audioinput', 'microphone');
    this.camera = this.addDevice('videoinput', 'camera');
    this.speaker = this.addDevice('audiooutput', 'speaker');
  }

  /** How many tracks of its devices are live. Zero says that nothing was leaked. */
  get liveTracks(): number {
    return this.#devices.reduce((sum, { tracks }) => sum + tracks.size, 0);
  }

  /** The connections that are not closed. */
  get openConnections(): readonly FakePeerConnection[] {
    return this.connections.filter((each) => each.connectionState !== 'closed');
  }

  /** The audio elements that have something to play: those that play it, and those that may not. */
  get attachedAudios(): readonly FakeAudio[] {
    return this.audios.filter(({ srcObject }) => srcObject !== null);
  }

  /** How many listen to changes of devices and to gestures. Zero says that nothing was leaked. */
  get listeners(): number {
    return this.#deviceListeners.size + this.#gestureListeners.size;
  }

  /** Plugs one more device in. */
  addDevice(kind: MediaDeviceKind, label: string): FakeDevice {
    const changed = (): void => {
      for (const listener of [...this.#deviceListeners]) listener();
    };
    const device = new FakeDevice(kind, label, changed);
    this.#devices.push(device);
    changed();
    return device;
  }

  /** The user touches the page. */
  gesture(): void {
    this.allowsSound = true;
    for (const listener of [...this.#gestureListeners]) listener();
  }

  onDeviceChange(listener: () => void): () => void {
    this.#deviceListeners.add(listener);
    return () => this.#deviceListeners.delete(listener);
  }

  onGesture(listener: () => void): () => void {
    this.#gestureListeners.add(listener);
    return () => this.#gestureListeners.delete(listener);
  }

  createAudio(): HTMLAudioElement {
    const audio = new FakeAudio({
      allowsSound: () => this.allowsSound,
      hasOutput: (id) => id === '' || this.#find('audiooutput', id) !== undefined,
    });
    this.audios.push(audio);
    return audio as unknown as HTMLAudioElement;
  }

  async enumerateDevices(): Promise<readonly MediaDeviceInfo[]> {
    const there = this.#devices.filter(({ isPlugged }) => isPlugged);
    const shown = this.#isAllowed
      ? there
      : there.filter(({ kind }, index) => there.findIndex((each) => each.kind === kind) === index);
    return shown.map(({ kind, id, label }) => ({
      kind,
      deviceId: this.#isAllowed ? id : '',
      label: this.#isAllowed ? label : '',
      groupId: '',
      toJSON: () => ({}),
    }));
  }

  createPeerConnection(configuration: RTCConfiguration): RTCPeerConnection {
    for (const { urls } of configuration.iceServers ?? []) {
      for (const url of [urls].flat()) {
        if (!/^(stun|turn)s?:/.test(url)) throw new DOMException(url, 'SyntaxError');
      }
    }
    const { clock, random } = this.#with;
    const { candidatesAfterMs, connectMs, operationMs } = this.#options;
    const connection = new FakePeerConnection(configuration, {
      clock,
      network: this.network,
      candidatesAfterMs,
      connectMs,
      operationMs: () => (operationMs === 0 ? 0 : randomInteger(random, operationMs + 1)),
      mintId: () => random.uint32().toString(36).padStart(7, '0'),
    });
    this.connections.push(connection);
    // It has what sessions use of a peer connection, and no more.
    return connection as unknown as RTCPeerConnection;
  }

  createStream(): MediaStream {
    this.#ids += 1;
    return new FakeStream(`stream-${this.#ids}`) as unknown as MediaStream;
  }

  async getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream> {
    this.asked.push(constraints);
    const kinds: MediaKind[] = [];
    if (constraints.audio) kinds.push('audio');
    if (constraints.video) kinds.push('video');
    if (kinds.length === 0) throw new TypeError('at least one kind must be asked for');
    await delay(this.#with.clock, this.#options.captureMs);
    const tracks = kinds.map((kind) => this.#open(kind, constraints));
    this.#isAllowed = true;
    this.#ids += 1;
    return new FakeStream(
      `stream-${this.#ids}`,
      tracks.map((device) => device.createTrack()),
    ) as unknown as MediaStream;
  }

  /**
   * The device that constraints choose (W3C Media Capture section 6.2), as far as ids go. As in
   * Chromium, a microphone that is wished for without an order is the default one.
   */
  #open(kind: MediaKind, constraints: MediaStreamConstraints): FakeDevice {
    const { deviceId } = constraints[kind] as MediaTrackConstraints;
    const deviceKind = kind === 'audio' ? 'audioinput' : 'videoinput';
    const isOrder = typeof deviceId === 'object';
    const id = isOrder ? (deviceId as { exact: string }).exact : (deviceId as string | undefined);
    const isHeard = id !== undefined && (isOrder || kind === 'video');
    const chosen = isHeard ? this.#find(deviceKind, id) : undefined;
    const device = chosen ?? (isOrder ? undefined : this.#find(deviceKind));
    const missing = isOrder ? 'OverconstrainedError' : 'NotFoundError';
    const refusal = this.refusals.get(kind) ?? (device === undefined ? missing : device.refusal);
    if (refusal !== undefined) throw new DOMException(`${kind} refused`, refusal);
    return device!;
  }

  #find(kind: MediaDeviceKind, id?: string): FakeDevice | undefined {
    return this.#devices.find(
      (each) => each.kind === kind && each.isPlugged && (id === undefined || each.id === id),
    );
  }
}
