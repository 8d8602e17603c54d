import type { Listeners, Logger } from '@ringfence/base';
import type { Browser } from './browser.ts';
import { errorName } from './capture-cause.ts';
import type { Capture, CaptureConstraints } from './capture.ts';
import { unavailable } from './errors.ts';
import type { Playback } from './playback.ts';

/** A microphone, a camera or an output. */
export interface MediaDevice {
  /** Stays the same on this site until the user clears its data. Empty before permission. */
  readonly id: string;
  /** Its name for people. Empty before the user allowed microphone or camera. */
  readonly label: string;
  /** True for the one that the system would choose. */
  readonly isDefault: boolean;
}

/**
 * The devices that are there, in the browser's order: the default first. Chromium has that one
 * twice: as `default`, which follows the system's choice, and under an id of its own.
 */
export interface DeviceList {
  readonly microphones: readonly MediaDevice[];
  readonly cameras: readonly MediaDevice[];
  /** Empty in browsers that cannot choose one. */
  readonly outputs: readonly MediaDevice[];
}

/** The ids of the devices that were chosen; `''` for the system's default. */
export interface DeviceSelection {
  readonly microphone: string;
  readonly camera: string;
  readonly output: string;
}

/** What the listeners of {@link Devices} hear. */
export interface DevicesEvents {
  /** A device came or went; all that are there now. */
  'devices.changed': DeviceList;
}

/** The devices of a page, shared by all of its calls. */
export interface Devices {
  /**
   * Reads the devices. Asks the user for nothing: before microphone or camera was allowed, ids and
   * labels are empty, and of each kind there is one at most. Never rejects.
   */
  list(): Promise<DeviceList>;
  /**
   * What was chosen, also while it is away: the default is then used in its place, and it is taken
   * again when it is back.
   */
  readonly selected: DeviceSelection;
  /**
   * Uses these from now on, in the calls that run and in later ones. Fields left out stay as they
   * are; `''` is the system's default. Nothing is negotiated. A microphone that a call uses is
   * changed without a gap, a camera with a short one. An output that was set for one call alone
   * gives way.
   *
   * @throws {RingfenceError} as a rejection: `device_unavailable`, when one of them is not there or
   * cannot be opened. All is then as it was. What else is named changes nothing.
   */
  select(choice: Partial<DeviceSelection>): Promise<void>;
  /** Subscribes. Returns the function that unsubscribes. */
  on<Name extends keyof DevicesEvents>(
    name: Name,
    listener: (payload: DevicesEvents[Name]) => unknown,
  ): () => void;
}

/** A call, as far as its devices go. */
interface DeviceUser {
  /** Plays on an output. */
  playOn(output: string): void;
  /** Devices came or went. */
  devicesChanged(): void;
}

export interface DevicesCollaborators {
  readonly browser: Pick<Browser, 'enumerateDevices' | 'onDeviceChange'>;
  readonly capture: Capture;
  readonly constraints: CaptureConstraints;
  readonly playback: Playback;
  /** The calls that run. */
  readonly users: ReadonlySet<DeviceUser>;
  readonly emitter: Listeners<DevicesEvents>;
  readonly logger: Logger;
}

/** {@link Devices}, and what its engine needs of it. */
export interface PageDevices extends Devices {
  /** Hears of changes while a call runs or somebody listens, and no longer. */
  watch(): void;
}

/** Makes the devices of a page. */
export function createDevices({
  browser,
  capture,
  constraints,
  playback,
  users,
  emitter,
  logger,
}: DevicesCollaborators): PageDevices {
  let ignoreChanges: (() => void) | undefined;
  let chosen: Promise<void> = Promise.resolve();
  /** Choices are made one after another. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = chosen.then(work);
    chosen = done.catch(() => {});
    return done;
  };

  const list = async (): Promise<DeviceList> => {
    const all = await browser.enumerateDevices().catch(() => []);
    return {
      microphones: devicesOf(all, 'audioinput'),
      cameras: devicesOf(all, 'videoinput'),
      outputs: devicesOf(all, 'audiooutput'),
    };
  };

  const changed = async (): Promise<void> => {
    const there = await list();
    const present = idsOf(there);
    playback.present = present;
    for (const user of users) user.devicesChanged();
    emitter.emit('devices.changed', there);
    // What was chosen and is back, or has to be tried again.
    await inTurn(() => capture.select(capture.selected, present, constraints)).catch(
      (thrown: unknown) => logger.warn('device not taken', { error: errorName(thrown) }),
    );
  };

  const watch = (): void => {
    if (users.size > 0 || emitter.has('devices.changed')) {
      ignoreChanges ??= browser.onDeviceChange(() => void changed());
    } else {
      ignoreChanges?.();
      ignoreChanges = undefined;
    }
  };

  return {
    list,
    watch,
    get selected() {
      const { audio, video } = capture.selected;
      return { microphone: audio, camera: video, output: playback.output };
    },
    select: (choice) =>
      inTurn(async () => {
        const present = idsOf(await list());
        if (!Object.values(choice).every((id) => !id || present.has(id))) {
          throw unavailable('device_unavailable');
        }
        const { audio, video } = capture.selected;
        const { microphone = audio, camera = video, output } = choice;
        try {
          if (output !== undefined) await playback.check(output);
          await capture.select({ audio: microphone, video: camera }, present, constraints);
        } catch (thrown) {
          throw unavailable('device_unavailable', thrown);
        }
        if (output === undefined) return;
        playback.output = output;
        for (const user of users) user.playOn(output);
      }),
    on(name, listener) {
      const off = emitter.on(name, listener);
      watch();
      return () => {
        off();
        watch();
      };
    },
  };
}

/** Without the empty ids that stand in for devices before permission. */
export const idsOf = (list: DeviceList): ReadonlySet<string> =>
  new Set(
    Object.values(list)
      .flat()
      .flatMap(({ id }: MediaDevice) => id || []),
  );

/** The default comes first (W3C Media Capture section 9.2). */
const devicesOf = (all: readonly MediaDeviceInfo[], kind: MediaDeviceKind): MediaDevice[] =>
  all
    .filter((each) => each.kind === kind)
    .map(({ deviceId, label }, index) => ({ id: deviceId, label, isDefault: index === 0 }));
