import type { MediaKind } from '../capture.ts';

/** A track of {@link FakeBrowser}, as far as sessions use one (W3C Media Capture section 4.3). */
export class FakeTrack extends EventTarget {
  readonly id: string;
  readonly kind: MediaKind;
  readonly label: string;
  enabled = true;
  muted = false;
  readyState: 'live' | 'ended' = 'live';
  readonly #device: FakeDevice;

  constructor(id: string, device: FakeDevice) {
    super();
    this.id = id;
    this.kind = device.track;
    this.label = device.label;
    this.#device = device;
    device.tracks.add(this);
  }

  getSettings(): MediaTrackSettings {
    return { deviceId: this.#device.id };
  }

  clone(): FakeTrack {
    const clone = this.#device.createTrack();
    clone.enabled = this.enabled;
    if (this.readyState === 'ended') clone.stop();
    return clone;
  }

  /** Ends it without an event, as the standard says for who ends it himself. */
  stop(): void {
    this.readyState = 'ended';
    this.#device.tracks.delete(this);
  }
}

/** A microphone, a camera, an output, or a peer: where tracks come from and where sound goes. */
export class FakeDevice {
  readonly kind: MediaDeviceKind;
  readonly label: string;
  /** The tracks that are live. The device is in use, its light on, while there are any. */
  readonly tracks = new Set<FakeTrack>();
  isPlugged = true;
  /** The name of the error that opening it ends with, for as long as it is set. */
  refusal: string | undefined;
  readonly #changed: () => void;
  #made = 0;

  /** `changed` is told when it is plugged in or pulled out. */
  constructor(kind: MediaDeviceKind, label: string, changed: () => void = () => {}) {
    this.kind = kind;
    this.label = label;
    this.#changed = changed;
  }

  get id(): string {
    return `id-of-${this.label}`;
  }

  /** The kind of its tracks. */
  get track(): MediaKind {
    return this.kind === 'videoinput' ? 'video' : 'audio';
  }

  createTrack(): FakeTrack {
    this.#made += 1;
    return new FakeTrack(`${this.label}-${this.#made}`, this);
  }

  /** Pulls the plug: every track ends and says so. */
  unplug(): void {
    this.isPlugged = false;
    for (const track of [...this.tracks]) {
      track.stop();
      track.dispatchEvent(new Event('ended'));
    }
    this.#changed();
  }

  plugIn(): void {
    this.isPlugged = true;
    this.#changed();
  }
}

/** A stream of {@link FakeBrowser}. */
export class FakeStream extends EventTarget {
  readonly id: string;
  readonly #tracks: FakeTrack[];

  constructor(id: string, tracks: readonly FakeTrack[] = []) {
    super();
    this.id = id;
    this.#tracks = [...tracks];
  }

  getTracks(): FakeTrack[] {
    return [...this.#tracks];
  }

  getAudioTracks(): FakeTrack[] {
    return this.#tracks.filter((track) => track.kind === 'audio');
  }

  getVideoTracks(): FakeTrack[] {
    return this.#tracks.filter((track) => track.kind === 'video');
  }

  addTrack(track: FakeTrack): void {
    if (!this.#tracks.includes(track)) this.#tracks.push(track);
  }

  removeTrack(track: FakeTrack): void {
    const index = this.#tracks.indexOf(track);
    if (index >= 0) this.#tracks.splice(index, 1);
  }
}
