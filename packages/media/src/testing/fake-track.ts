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
    this.kind = device.kind;
    this.label = device.label;
    this.#device = device;
    device.tracks.add(this);
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

/** Where tracks come from: a microphone, a camera, or a peer. */
export class FakeDevice {
  readonly kind: MediaKind;
  readonly label: string;
  /** The tracks that are live. The device is in use, its light on, while there are any. */
  readonly tracks = new Set<FakeTrack>();
  #made = 0;

  constructor(kind: MediaKind, label: string) {
    this.kind = kind;
    this.label = label;
  }

  createTrack(): FakeTrack {
    this.#made += 1;
    return new FakeTrack(`${this.label}-${this.#made}`, this);
  }

  /** Pulls the plug: every track ends and says so. */
  unplug(): void {
    for (const track of [...this.tracks]) {
      track.stop();
      track.dispatchEvent(new Event('ended'));
    }
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
