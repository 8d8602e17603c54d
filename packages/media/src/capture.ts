/*
 * Capture belongs to the page, not to a call.
 *
 *   1. A device is opened once, whoever uses it: on iOS a second getUserMedia for the microphone
 *      mutes the first.
 *   2. Each user gets a clone of the track, so that muting one call leaves the others alone.
 *   3. The device stops, and its light goes out, when its last user lets go.
 */
import type { Browser } from './browser.ts';

/** What a device captures. */
export type MediaKind = 'audio' | 'video';

/** One device, in use by one session. */
export interface CapturedTrack {
  /** This user's own clone. */
  readonly track: MediaStreamTrack;
  /** Stops the clone, and the device after its last user. Idempotent. */
  release(): void;
}

/** How devices are asked for. */
export interface CaptureConstraints {
  readonly audio: MediaTrackConstraints;
  readonly video: MediaTrackConstraints;
}

interface Device {
  readonly kind: MediaKind;
  readonly original: Promise<MediaStreamTrack>;
  users: number;
}

const captures = new WeakMap<Browser, Capture>();

/** The capture of a page. Engines on the same page share it, so that rule 1 holds for all. */
export function captureOf(browser: Browser): Capture {
  let capture = captures.get(browser);
  if (capture === undefined) {
    capture = new Capture(browser);
    captures.set(browser, capture);
  }
  return capture;
}

/** The microphone and the camera of a page, counted by their users. */
export class Capture {
  readonly #browser: Browser;
  readonly #devices = new Map<MediaKind, Device>();

  constructor(browser: Browser) {
    this.#browser = browser;
  }

  /**
   * Takes a clone of each kind, in the order asked. Kinds that are not open yet are asked for
   * together, so that the user sees one prompt. The constraints of who opens a device hold while
   * it stays open.
   *
   * @throws what the browser threw, when any of the kinds cannot be had. Nothing is held then.
   */
  async take(
    kinds: readonly MediaKind[],
    constraints: CaptureConstraints,
  ): Promise<readonly CapturedTrack[]> {
    const joined = kinds.some((kind) => this.#devices.has(kind));
    try {
      return await this.#take(kinds, constraints);
    } catch (thrown) {
      // Another user's request failed, maybe for a kind that this one does not want.
      if (joined) return this.#take(kinds, constraints);
      throw thrown;
    }
  }

  async #take(
    kinds: readonly MediaKind[],
    constraints: CaptureConstraints,
  ): Promise<readonly CapturedTrack[]> {
    const closed = kinds.filter((kind) => !this.#devices.has(kind));
    if (closed.length > 0) this.#open(closed, constraints);
    const devices = kinds.map((kind) => this.#devices.get(kind)!);
    for (const device of devices) device.users += 1;
    try {
      const originals = await Promise.all(devices.map((device) => device.original));
      return devices.map((device, index) => this.#lend(device, originals[index]!));
    } catch (thrown) {
      for (const device of devices) this.#letGo(device);
      throw thrown;
    }
  }

  #open(kinds: readonly MediaKind[], constraints: CaptureConstraints): void {
    const stream = this.#browser.getUserMedia({
      audio: kinds.includes('audio') && constraints.audio,
      video: kinds.includes('video') && constraints.video,
    });
    for (const kind of kinds) {
      const original = stream.then((opened) => {
        const track = opened.getTracks().find((each) => each.kind === kind)!;
        this.#watch(device, track);
        return track;
      });
      const device: Device = { kind, original, users: 0 };
      this.#devices.set(kind, device);
      original.catch(() => this.#forget(device));
    }
  }

  #lend(device: Device, original: MediaStreamTrack): CapturedTrack {
    const track = original.clone();
    // Browsers end the tracks of a device in any order: a clone may end before its original.
    this.#watch(device, track);
    let isHeld = true;
    return {
      track,
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        track.stop();
        this.#letGo(device);
      },
    };
  }

  /** Unplugged: the next user opens another one. Not heard for a `stop()` of our own. */
  #watch(device: Device, track: MediaStreamTrack): void {
    track.addEventListener('ended', () => this.#forget(device), { once: true });
  }

  #letGo(device: Device): void {
    device.users -= 1;
    if (device.users > 0) return;
    this.#forget(device);
    device.original.then(
      (track) => track.stop(),
      () => {},
    );
  }

  #forget(device: Device): void {
    if (this.#devices.get(device.kind) === device) this.#devices.delete(device.kind);
  }
}
