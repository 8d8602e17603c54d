import { createActor } from 'xstate';
import { Emitter, toError } from '@ringfence/base';
import type { Clock, Logger } from '@ringfence/base';
import { callMachine, callView } from '@ringfence/call-machine';
import type {
  CallActor,
  CallEnd,
  CallInput,
  CallSnapshot,
  CallView,
  IncomingInput,
  OutgoingInput,
  UserEvent,
} from '@ringfence/call-machine';
import type { MediaKinds } from '@ringfence/call-rules';
import type { MediaEngine, Quality } from '@ringfence/media';
import type { CallChannel } from '@ringfence/signaling-client';
import { CallMedia } from './call-media.ts';
import { CallSignaling } from './call-signaling.ts';
import type { Call, CallEvents } from './call.ts';

type Ported<Input> = Omit<Input, 'signaling' | 'media'>;

/** What a call is made with. */
export interface CallParts {
  readonly input: Ported<OutgoingInput> | Ported<IncomingInput>;
  readonly engine: MediaEngine;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Gives the call's channel to the server, the same one each time. */
  readonly openChannel: () => CallChannel;
  /** The call is over, and holds nothing any more. */
  readonly ended: () => void;
}

/** What a change is worth telling. All but the times, which change with the state. */
const shown = [
  'state',
  'holding',
  'muted',
  'camera',
  'peerMuted',
  'peerCamera',
  'media',
  'end',
] as const satisfies readonly (keyof CallView)[];

const broken: CallEnd = { reason: 'failed', cause: 'internal', by: 'local' };

/** A call: the machine, its two ports, and who listens. See {@link Call}. */
export class MachineCall implements Call {
  readonly startedAt: number;
  readonly #parts: CallParts;
  readonly #emitter: Emitter<CallEvents>;
  readonly #signaling: CallSignaling;
  readonly #media: CallMedia;
  readonly #actor: CallActor;
  readonly #endedPromise: Promise<CallEnd>;
  readonly #answeredPromise: Promise<boolean>;
  #resolveEnded!: (end: CallEnd) => void;
  #resolveAnswered!: (answered: boolean) => void;
  #view: CallView;
  #answeredAt: number | null = null;
  #activeAt: number | null = null;
  #endedAt: number | null = null;

  constructor(parts: CallParts) {
    const { input, engine, clock, logger, openChannel } = parts;
    this.#parts = parts;
    this.startedAt = clock.now();
    this.#emitter = new Emitter((thrown, event) =>
      logger.error('a listener failed', { event, error: toError(thrown) }),
    );
    this.#endedPromise = new Promise((resolve) => (this.#resolveEnded = resolve));
    this.#answeredPromise = new Promise((resolve) => (this.#resolveAnswered = resolve));
    this.#signaling = new CallSignaling(openChannel);
    this.#media = new CallMedia(engine, openChannel, {
      streamChanged: (streams) => this.#emitter.emit('stream.changed', streams),
      qualityChanged: (quality) => this.#emitter.emit('quality.changed', quality),
    });
    this.#actor = createActor(callMachine, {
      clock,
      input: { ...input, signaling: this.#signaling, media: this.#media } as CallInput,
    });
    this.#view = callView(this.#actor.getSnapshot());
  }

  /** Starts the machine. Once, after the owner has taken the call in. */
  start(): void {
    this.#actor.on('call.refused', ({ command, code }) =>
      this.#emitter.emit('call.refused', { command, code }),
    );
    this.#actor.on('port.threw', ({ error }) =>
      this.#parts.logger.error('a port of a call failed', {
        callId: this.id,
        error: toError(error),
      }),
    );
    this.#actor.subscribe({
      next: (snapshot) => this.#changed(snapshot),
      error: (thrown) => this.#broke(thrown),
    });
    this.#actor.start();
  }

  get id(): string {
    return this.#view.callId;
  }

  get direction(): 'outgoing' | 'incoming' {
    return this.#view.direction;
  }

  get peer(): Call['peer'] {
    return this.#view.peer;
  }

  get media(): MediaKinds {
    return this.#view.media;
  }

  get state(): Call['state'] {
    return this.#view.state;
  }

  get holding(): Call['holding'] {
    return this.#view.holding;
  }

  get muted(): boolean {
    return this.#view.muted;
  }

  get camera(): boolean {
    return this.#view.camera;
  }

  get peerMuted(): boolean {
    return this.#view.peerMuted;
  }

  get peerCamera(): boolean {
    return this.#view.peerCamera;
  }

  get end(): CallEnd | null {
    return this.#view.end;
  }

  get answeredAt(): number | null {
    return this.#answeredAt;
  }

  get activeAt(): number | null {
    return this.#activeAt;
  }

  get endedAt(): number | null {
    return this.#endedAt;
  }

  get localStream(): MediaStream | null {
    return this.#media.session?.localStream ?? null;
  }

  get remoteStream(): MediaStream | null {
    return this.#media.session?.remoteStream ?? null;
  }

  get quality(): Quality | null {
    return this.#media.session?.quality ?? null;
  }

  accept(media: Partial<MediaKinds> = {}): void {
    const { audio = this.media.audio, video = this.media.video } = media;
    this.#send({ type: 'user.accept', kinds: { audio, video } });
  }

  decline(): void {
    this.#send({ type: 'user.decline' });
  }

  hangUp(): void {
    this.#send({ type: 'user.hang-up' });
  }

  hold(): void {
    this.#send({ type: 'user.update', held: true });
  }

  resume(): void {
    this.#send({ type: 'user.update', held: false });
  }

  mute(): void {
    this.#send({ type: 'user.update', muted: true });
  }

  unmute(): void {
    this.#send({ type: 'user.update', muted: false });
  }

  setCamera(on: boolean): void {
    this.#send({ type: 'user.update', camera: on });
  }

  answered(): Promise<boolean> {
    return this.#answeredPromise;
  }

  ended(): Promise<CallEnd> {
    return this.#endedPromise;
  }

  on<Name extends keyof CallEvents>(
    name: Name,
    listener: (payload: CallEvents[Name]) => unknown,
  ): () => void {
    return this.#emitter.on(name, listener);
  }

  #send(event: UserEvent): void {
    // XState warns on the console of events to an actor that is done.
    if (this.#actor.getSnapshot().status === 'active') this.#actor.send(event);
  }

  #changed(snapshot: CallSnapshot): void {
    const before = this.#view;
    const view = callView(snapshot);
    this.#view = view;
    this.#stamp(view.state);
    if (snapshot.status === 'done') this.#parts.ended();
    if (shown.some((field) => view[field] !== before[field])) {
      this.#emitter.emit('call.changed', this);
    }
    if (snapshot.status === 'done') this.#finish(snapshot.output!);
  }

  #stamp(state: Call['state']): void {
    const now = this.#parts.clock.now();
    if (state === 'connecting' || state === 'active' || state === 'reconnecting') {
      this.#answeredAt ??= now;
      this.#resolveAnswered(true);
    }
    if (state === 'active') this.#activeAt ??= now;
    if (state === 'ended') this.#endedAt ??= now;
  }

  #finish(end: CallEnd): void {
    this.#resolveAnswered(false);
    this.#resolveEnded(end);
    this.#emitter.emit('call.ended', end);
    this.#emitter.clear();
  }

  /** The machine itself broke, which nothing outside can make it do. The call ends, no more. */
  #broke(thrown: unknown): void {
    const { ended, logger } = this.#parts;
    logger.error('a call machine failed', { callId: this.id, error: toError(thrown) });
    this.#signaling.send({ type: 'call.hang-up', cause: 'internal' });
    this.#signaling.close();
    this.#media.close();
    this.#view = { ...this.#view, state: 'ended', end: broken };
    this.#stamp('ended');
    ended();
    this.#emitter.emit('call.changed', this);
    this.#finish(broken);
  }
}
