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
import { captureCause, errorName } from './capture-cause.ts';
import type { CaptureCause } from './capture-cause.ts';
import type { Capture, CaptureConstraints, CapturedTrack, MediaKind } from './capture.ts';

export interface LocalMediaHooks {
  /** A track came or went. */
  changed(): void;
  /** The camera could not be opened, or was unplugged. It stays off until it is asked for again. */
  cameraRefused(cause: CaptureCause): void;
}

export interface LocalMediaCollaborators {
  readonly capture: Pick<Capture, 'take'>;
  readonly constraints: CaptureConstraints;
  readonly createStream: () => MediaStream;
  readonly logger: Logger;
}

export class LocalMedia {
  readonly #hooks: LocalMediaHooks;
  readonly #with: LocalMediaCollaborators;
  readonly #held = new Map<MediaKind, CapturedTrack>();
  #stream: MediaStream | undefined;
  #isMuted = false;
  /** Null until the first control: the camera then follows what the call was asked to carry. */
  #controlledCamera: boolean | null = null;
  #wantsCamera = false;
  #isReady = false;
  #isOpeningCamera = false;
  #isClosed = false;

  constructor(hooks: LocalMediaHooks, collaborators: LocalMediaCollaborators) {
    this.#hooks = hooks;
    this.#with = collaborators;
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
    let refused: CaptureCause | null = null;
    let cameraRefused: CaptureCause | null = null;
    try {
      await this.#take(kinds);
    } catch (thrown) {
      refused = captureCause(thrown);
      this.#with.logger.info('capture refused', { kinds, error: errorName(thrown) });
    }
    if (refused !== null && wanted.audio && kinds.length > 1 && !this.#isClosed) {
      cameraRefused = refused;
      refused = await this.#takeMicrophoneAlone();
    }
    if (refused !== null || this.#isClosed) return refused;
    this.#isReady = true;
    if (cameraRefused !== null) this.#refuseCamera(cameraRefused);
    void this.#settleCamera();
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
    void this.#settleCamera();
  }

  /** Lets go of everything at once. */
  close(): void {
    this.#isClosed = true;
    for (const kind of [...this.#held.keys()]) this.#drop(kind);
  }

  async #takeMicrophoneAlone(): Promise<CaptureCause | null> {
    try {
      await this.#take(['audio']);
      return null;
    } catch (thrown) {
      return captureCause(thrown);
    }
  }

  async #take(kinds: readonly MediaKind[]): Promise<void> {
    if (kinds.length === 0) return;
    const taken = await this.#with.capture.take(kinds, this.#with.constraints);
    kinds.forEach((kind, index) => this.#keep(kind, taken[index]!));
    if (!this.#isClosed) this.#hooks.changed();
  }

  #keep(kind: MediaKind, captured: CapturedTrack): void {
    // The call ended while the user was asked.
    if (this.#isClosed) return captured.release();
    this.#held.set(kind, captured);
    this.stream.addTrack(captured.track);
    if (kind === 'audio') captured.track.enabled = !this.#isMuted;
    // Fires when the device is gone, not for our own stop().
    captured.track.addEventListener('ended', () => this.#ended(kind, captured), { once: true });
  }

  #drop(kind: MediaKind): void {
    const captured = this.#held.get(kind);
    if (captured === undefined) return;
    this.#held.delete(kind);
    this.#stream?.removeTrack(captured.track);
    captured.release();
  }

  #ended(kind: MediaKind, captured: CapturedTrack): void {
    if (this.#isClosed || this.#held.get(kind) !== captured) return;
    this.#drop(kind);
    this.#hooks.changed();
    if (kind === 'video') this.#refuseCamera('device_missing');
    else void this.#replaceMicrophone();
  }

  /** A headset was pulled out: the system's next default microphone takes over. */
  async #replaceMicrophone(): Promise<void> {
    try {
      await this.#take(['audio']);
    } catch (thrown) {
      this.#with.logger.warn('microphone lost', { error: errorName(thrown) });
    }
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
        if (this.#wantsCamera) await this.#take(['video']);
        else {
          this.#drop('video');
          this.#hooks.changed();
        }
      }
    } catch (thrown) {
      this.#with.logger.info('camera refused', { error: errorName(thrown) });
      if (!this.#isClosed && this.#wantsCamera) this.#refuseCamera(captureCause(thrown));
    } finally {
      this.#isOpeningCamera = false;
    }
  }
}
