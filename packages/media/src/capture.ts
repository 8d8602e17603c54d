/*
 * Capture belongs to the page, not to a call.
 *
 *   1. A device is opened once, whoever uses it: on iOS a second getUserMedia for the microphone
 *      mutes the first.
 *   2. Each user gets a clone of the track, so that muting one call leaves the others alone.
 *   3. The device stops, and its light goes out, when its last user lets go.
 *   4. Another microphone is opened before the old one is let go, so that no word is lost. A camera
 *      is closed first: many phones cannot open two.
 */
import type { Browser } from './browser.ts';
import { errorName } from './capture-cause.ts';

/** What a device captures. */
export type MediaKind = 'audio' | 'video';

/** One device, in use by one session. */
export interface CapturedTrack {
  /** This user's own clone. */
  readonly track: MediaStreamTrack;
  /** Stops the clone, and the device after its last user. Idempotent. */
  release(): void;
}

/** Who takes devices, and is told when another one is chosen. */
export interface CaptureUser {
  /** Gives back what it has of a kind, for the moment. */
  letGo(kind: MediaKind): void;
  /** Takes that kind again, if it still wants it, in place of what it has. Never rejects. */
  retake(kind: MediaKind): Promise<void>;
}

/** How devices are asked for. */
export interface CaptureConstraints {
  readonly audio: MediaTrackConstraints;
  readonly video: MediaTrackConstraints;
}

/** The id of a device of each kind; empty for the system's default. */
export type CaptureChoice = Readonly<Record<MediaKind, string>>;

interface Device {
  readonly kind: MediaKind;
  readonly original: Promise<MediaStreamTrack>;
  users: number;
  /** It has stopped, or was pulled out. */
  isGone: boolean;
  /** Once it is open. */
  stop?: () => void;
}

const captures = new WeakMap<Browser, Capture>();

/** The capture of a page. Engines on the same page share it, so that rule 1 holds for all. */
export function captureOf(browser: Browser): Capture {
  let capture = captures.get(browser);
  if (!capture) {
    capture = new Capture(browser);
    captures.set(browser, capture);
  }
  return capture;
}

/** The microphone and the camera of a page, counted by their users. */
export class Capture {
  /** Those who are told of a choice. Whoever takes devices adds itself. */
  readonly users = new Set<CaptureUser>();
  readonly #browser: Browser;
  readonly #devices = new Map<MediaKind, Device>();
  #selected: CaptureChoice = { audio: '', video: '' };

  constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** What was chosen. A device that is away is replaced by another while it is. */
  get selected(): CaptureChoice {
    return this.#selected;
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

  /**
   * Uses these devices from now on, those of users at once. One call at a time; `present` are the
   * devices that are there. With what is selected already, takes again what was missed.
   *
   * @throws what the browser threw, when one that is in use cannot be replaced. All is then as it
   * was.
   */
  async select(
    choice: CaptureChoice,
    present: ReadonlySet<string>,
    constraints: CaptureConstraints,
  ): Promise<void> {
    const before = this.#selected;
    const replaced: Device[] = [];
    for (const device of [...this.#devices.values()]) {
      const id = choice[device.kind];
      // Who is being asked for one now gets it first.
      const used = await device.original.catch(() => undefined);
      const isOther = present.has(id)
        ? id !== used?.getSettings().deviceId
        : id !== before[device.kind];
      if (isOther && !device.isGone) replaced.push(device);
    }
    this.#selected = choice;
    if (replaced.length === 0) return;
    const kinds = replaced.map(({ kind }) => kind);
    let lacking = kinds.filter((kind): boolean => kind === 'video');
    for (const kind of lacking) for (const user of this.users) user.letGo(kind);
    const opened = this.#open(kinds, this.#order(kinds, constraints, Object.values(choice)));
    try {
      await Promise.all(opened.map(({ original }) => original));
      lacking = kinds;
    } catch (thrown) {
      this.#selected = before;
      for (const device of replaced) {
        if (!device.isGone) this.#devices.set(device.kind, device);
      }
      throw thrown;
    } finally {
      const users = [...this.users];
      // One that cannot keeps none of the others.
      await Promise.allSettled(lacking.flatMap((kind) => users.map((user) => user.retake(kind))));
      for (const device of opened) this.#letGo(device);
    }
  }

  async #take(
    kinds: readonly MediaKind[],
    constraints: CaptureConstraints,
  ): Promise<readonly CapturedTrack[]> {
    const open = kinds.flatMap((kind) => this.#devices.get(kind) ?? []);
    for (const device of open) device.users += 1;
    const closed = kinds.filter((kind) => !this.#devices.has(kind));
    if (closed.length > 0) this.#open(closed, this.#wish(closed, constraints));
    const devices = kinds.map((kind) => this.#devices.get(kind)!);
    try {
      const originals = await Promise.all(devices.map((device) => device.original));
      return devices.map((device, index) => this.#lend(device, originals[index]!));
    } catch (thrown) {
      for (const device of devices) this.#letGo(device);
      throw thrown;
    }
  }

  /** Asks for devices. Of those chosen, the ones in `ordered` and no others will do. */
  #order(
    kinds: readonly MediaKind[],
    constraints: CaptureConstraints,
    ordered: readonly string[],
  ): Promise<MediaStream> {
    const of = (kind: MediaKind): MediaTrackConstraints | false => {
      const id = this.#selected[kind];
      const deviceId = ordered.includes(id) ? { exact: id } : id;
      return kinds.includes(kind) && { ...constraints[kind], ...(id && { deviceId }) };
    };
    return this.#browser.getUserMedia({ audio: of('audio'), video: of('video') });
  }

  /**
   * Asks for devices. One that was chosen and is there is ordered: Chromium takes no wish for a
   * microphone. When it is gone after all, another may come in its place.
   */
  async #wish(kinds: readonly MediaKind[], constraints: CaptureConstraints): Promise<MediaStream> {
    const chosen = kinds.flatMap((kind) => this.#selected[kind] || []);
    if (chosen.length === 0) return this.#order(kinds, constraints, []);
    const all = await this.#browser.enumerateDevices().catch(() => []);
    const present = chosen.filter((id) => all.some(({ deviceId }) => deviceId === id));
    try {
      return await this.#order(kinds, constraints, present);
    } catch (thrown) {
      const isGone = ['OverconstrainedError', 'NotFoundError'].includes(errorName(thrown));
      if (!isGone || present.length === 0) throw thrown;
      return this.#order(kinds, constraints, []);
    }
  }

  /** Opens devices, for one user to begin with. */
  #open(kinds: readonly MediaKind[], stream: Promise<MediaStream>): readonly Device[] {
    return kinds.map((kind) => {
      const device: Device = {
        kind,
        original: stream.then((opened) => {
          const track = opened.getTracks().find((each) => each.kind === kind)!;
          this.#watch(device, track);
          device.stop = () => track.stop();
          return track;
        }),
        users: 1,
        isGone: false,
      };
      this.#devices.set(kind, device);
      device.original.catch(() => this.#forget(device));
      return device;
    });
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
        // First: a clone that cannot be stopped must not keep its device open.
        this.#letGo(device);
        track.stop();
      },
    };
  }

  /** Unplugged: the next user opens another one. Not heard for a `stop()` of our own. */
  #watch(device: Device, track: MediaStreamTrack): void {
    track.addEventListener('ended', () => this.#forget(device), { once: true });
  }

  #letGo(device: Device): void {
    if (--device.users > 0) return;
    this.#forget(device);
    device.stop?.();
  }

  #forget(device: Device): void {
    device.isGone = true;
    if (this.#devices.get(device.kind) === device) this.#devices.delete(device.kind);
  }
}
