/*
 * What this side captures for one call: its clones of microphone and camera, and the stream that
 * shows them.
 *
 *   1. Without a microphone there is no call: it is refused. Without a camera a video call goes on
 *      with sound, and the user is told.
 *   2. A camera that is off is closed, not darkened: its light goes out.
 *   3. The camera follows the newest wish; only one opening runs at a time.
 */
import type { Logger } from '@ringfence/base';
import type { MediaKinds } from '@ringfence/call-rules';
import type { Tube } from '@ringfence/isolation';
import { captureCause, errorName } from './capture-cause.ts';
import type { CaptureCause } from './capture-cause.ts';
import type {
  Capture,
  CaptureConstraints,
  CapturedTrack,
  CaptureUser,
  MediaKind,
} from './capture.ts';

export interface LocalMediaHooks {
  /** A track came or went. */
  changed(): void;
  /** The camera could not be opened, or was unplugged. It stays off until it is asked for again. */
  cameraRefused(cause: CaptureCause): void;
}

export interface LocalMediaCollaborators {
  readonly capture: Pick<Capture, 'take' | 'users'>;
  readonly constraints: CaptureConstraints;
  readonly createStream: () => MediaStream;
  readonly logger: Logger;
  readonly tube: Pick<Tube, 'contain' | 'finish'>;
}

export class LocalMedia implements CaptureUser {
  readonly #hooks: LocalMediaHooks;
  readonly #with: LocalMediaCollaborators;
  readonly #held = new Map<MediaKind, CapturedTrack>();
  #stream: MediaStream | undefined;
  #isMuted = false;
  /** Null until the first control: the camera then follows what the call was asked to carry. */
  #controlledCamera: boolean | null = null;
  #wantsCamera = false;
  #wantsMicrophone = false;
  #isReady = false;
  #isOpeningCamera = false;
  #isClosed = false;

  constructor(hooks: LocalMediaHooks, collaborators: LocalMediaCollaborators) {
    this.#hooks = hooks;
    this.#with = collaborators;
    collaborators.capture.users.add(this);
  }

  /** The stream of the captured tracks, the same one for the whole call. */
  get stream(): MediaStream {
    this.#stream ??= this.#with.createStream();
    return this.#stream;
  }

  /** This call's clone of a device's track, or null. */
  track(kind: MediaKind): MediaStreamTrack | null {
    return this.#held.get(kind)?.track ?? null;
  }

  get isEmpty(): boolean {
    return this.#held.size === 0;
  }

  /** Opens what the call needs. Answers why it was refused; null when it was not. */
  async acquire(wanted: MediaKinds): Promise<CaptureCause | null> {
    this.#wantsCamera = this.#controlledCamera ?? wanted.video;
    const kinds: MediaKind[] = [];
    if (wanted.audio) kinds.push('audio');
    if (this.#wantsCamera) kinds.push('video');
    let refused = await this.#take(kinds);
    let cameraRefused: CaptureCause | null = null;
    if (refused !== null && wanted.audio && kinds.length > 1 && !this.#isClosed) {
      cameraRefused = refused;
      refused = await this.#take(['audio']);
    }
    if (refused !== null || this.#isClosed) return refused;
    this.#isReady = true;
    this.#wantsMicrophone = wanted.audio;
    if (cameraRefused !== null) this.#refuseCamera(cameraRefused);
    this.#start(() => this.#settleCamera());
    return null;
  }

  /** Idempotent: only a camera that changes from what was asked before is opened or closed. */
  control({ muted, camera }: { readonly muted: boolean; readonly camera: boolean }): void {
    this.#isMuted = muted;
    const microphone = this.track('audio');
    if (microphone !== null) microphone.enabled = !muted;
    if (camera === this.#controlledCamera) return;
    this.#controlledCamera = camera;
    this.#wantsCamera = camera;
    this.#start(() => this.#settleCamera());
  }

  letGo(kind: MediaKind): void {
    if (this.#held.has(kind)) this.#lose(kind);
  }

  async retake(kind: MediaKind): Promise<void> {
    if (this.#held.has(kind)) await this.#take([kind]);
    await this.#settleCamera();
  }

  /** A device may have come: takes the microphone that is missed, if any. */
  heal(): void {
    if (this.#wantsMicrophone && !this.#held.has('audio')) this.#start(() => this.#take(['audio']));
  }

  /** Lets go of everything at once. */
  close(): void {
    this.#isClosed = true;
    this.#with.capture.users.delete(this);
    for (const kind of [...this.#held.keys()]) this.#with.tube.finish(() => this.#drop(kind));
  }

  /** Goes on by itself: what goes wrong is a fault of the tube. */
  #start(task: () => Promise<unknown>): void {
    this.#with.tube.contain('capture', task)();
  }

  /** Takes devices in place of those that are held. Answers why not; null when it did. */
  async #take(kinds: readonly MediaKind[]): Promise<CaptureCause | null> {
    if (kinds.length === 0) return null;
    try {
      const taken = await this.#with.capture.take(kinds, this.#with.constraints);
      kinds.forEach((kind, index) => this.#keep(kind, taken[index]!));
    } catch (thrown) {
      this.#with.logger.warn('capture refused', { kinds, error: errorName(thrown) });
      return captureCause(thrown);
    }
    if (!this.#isClosed) this.#hooks.changed();
    return null;
  }

  #keep(kind: MediaKind, captured: CapturedTrack): void {
    // The call ended while the user was asked.
    if (this.#isClosed) return captured.release();
    this.#drop(kind);
    this.#held.set(kind, captured);
    this.stream.addTrack(captured.track);
    if (kind === 'audio') captured.track.enabled = !this.#isMuted;
    // Fires when the device is gone, not for our own stop().
    const ended = this.#with.tube.contain('ended', () => this.#ended(kind, captured));
    captured.track.addEventListener('ended', ended, { once: true });
  }

  #drop(kind: MediaKind): void {
    const captured = this.#held.get(kind);
    if (captured === undefined) return;
    this.#held.delete(kind);
    captured.release();
    this.#stream?.removeTrack(captured.track);
  }

  #lose(kind: MediaKind): void {
    this.#drop(kind);
    this.#hooks.changed();
  }

  /** A device was pulled out: the chosen one that is there takes over, or the system's default. */
  async #ended(kind: MediaKind, captured: CapturedTrack): Promise<void> {
    if (this.#isClosed || this.#held.get(kind) !== captured) return;
    this.#lose(kind);
    if (kind === 'video') await this.#settleCamera();
    else await this.#take([kind]);
  }

  #refuseCamera(cause: CaptureCause): void {
    this.#wantsCamera = false;
    this.#hooks.cameraRefused(cause);
  }

  async #settleCamera(): Promise<void> {
    if (!this.#isReady || this.#isOpeningCamera) return;
    this.#isOpeningCamera = true;
    try {
      while (!this.#isClosed && this.#wantsCamera !== this.#held.has('video')) {
        if (!this.#wantsCamera) {
          this.#lose('video');
          continue;
        }
        const refused = await this.#take(['video']);
        if (refused !== null && this.#wantsCamera && !this.#isClosed) this.#refuseCamera(refused);
      }
    } finally {
      this.#isOpeningCamera = false;
    }
  }
}
