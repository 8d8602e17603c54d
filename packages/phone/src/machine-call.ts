import { createActor } from 'xstate';
import { toError } from '@ringfence/base';
import type { Clock, Listeners, Logger } from '@ringfence/base';
import { callMachine, callView } from '@ringfence/call-machine';
import type {
  CallActor,
  CallEnd,
  CallInput,
  CallRequest,
  CallSnapshot,
  IncomingInput,
  Media,
  OutgoingInput,
  UserEvent,
} from '@ringfence/call-machine';
import { isAddress, isPermitted, userAddress } from '@ringfence/call-rules';
import type {
  Action,
  Address,
  MediaKinds,
  Participant,
  ParticipantId,
} from '@ringfence/call-rules';
import type { Tube } from '@ringfence/isolation';
import type { MediaEngine, MediaSession } from '@ringfence/media';
import type { CallLine } from './call-line.ts';
import { createCallMedia } from './call-media.ts';
import { CallSignaling } from './call-signaling.ts';
import type { Call, CallEvents, InviteOptions } from './call.ts';
import { ignorable, phoneError } from './errors.ts';
import type { Tubes } from './options.ts';
import { changedParticipants, isRingingHere } from './participants.ts';
import { ShownCall } from './shown-call.ts';

type Ported<Input> = Omit<Input, 'signaling' | 'media'>;

/** What a call is made with. */
export interface CallParts {
  readonly callId: string;
  readonly input: Ported<OutgoingInput> | Ported<IncomingInput>;
  readonly line: CallLine;
  readonly engine: MediaEngine;
  readonly tubes: Tubes;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The user of the phone, once the server said. */
  readonly userId: () => string | undefined;
  /** Every other call that is on. */
  readonly others: (except: Call) => readonly MachineCall[];
  /** Something changed. `ended` once, when the call is over and holds nothing any more. */
  readonly changed: (what: 'view' | 'id' | 'ended') => void;
}

/**
 * Reads an address that is somebody else's.
 *
 * @throws {RingfenceError} `invalid_address`, `cannot_dial_self`.
 */
export function otherAddress(text: string, ownUserId: string | undefined): Address {
  if (!isAddress(text)) throw phoneError('invalid_address');
  if (text === userAddress(ownUserId ?? '')) throw phoneError('cannot_dial_self');
  return text;
}

const broken: CallEnd = { reason: 'failed', cause: 'internal', by: 'local' };

/**
 * A call: the machine, its two ports, and who listens. See {@link Call}. All of it is in a tube: when
 * that is closed, because code in it ran wild or a host closes it, the call ends, and no other.
 */
export class MachineCall extends ShownCall implements Call {
  readonly startedAt: number;
  answeredAt: number | null = null;
  activeAt: number | null = null;
  endedAt: number | null = null;
  readonly #parts: CallParts;
  readonly #emitter: Listeners<CallEvents>;
  readonly #signaling: CallSignaling;
  readonly #media: Media;
  readonly #tube: Tube;
  readonly #actor: CallActor;
  readonly #endedPromise: Promise<CallEnd>;
  readonly #answeredPromise: Promise<boolean>;
  #resolveEnded!: (end: CallEnd) => void;
  #resolveAnswered!: (answered: boolean) => void;
  /** The view as it was told last. */
  #told: string;
  /** What the machine said and is told after the view that goes with it. */
  #news: (() => void)[] = [];
  #asked = 0;
  /** What was asked for, by ticket, until it is told what became of it. */
  readonly #waiting = new Map<string, (error?: Error) => void>();
  /** It holds nothing any more. */
  #isOver = false;

  constructor(parts: CallParts) {
    super();
    const { callId, input, line, engine, tubes, clock, logger } = parts;
    this.#parts = parts;
    this.startedAt = clock.now();
    const tube = tubes.create(callId, {
      logger,
      // Before anything in it ends: the call has to be over by then.
      observe: ({ type }) => {
        if (type === 'tube.closing') this.#broke();
      },
    });
    this.#tube = tube;
    this.#emitter = tube.listeners();
    this.#endedPromise = new Promise((resolve) => (this.#resolveEnded = resolve));
    this.#answeredPromise = new Promise((resolve) => (this.#resolveAnswered = resolve));
    this.#signaling = new CallSignaling(line, tube);
    const media = createCallMedia(engine, callId, line, tube);
    this.session = media.session;
    this.#media = media.port;
    // The session lets go of its listeners when it is closed.
    for (const name of ['stream.changed', 'quality.changed'] as const) {
      this.session?.on(name, (payload) => this.#emitter.emit(name, payload as never));
    }
    this.#actor = createActor(callMachine, {
      clock: tube.clock,
      input: { ...input, signaling: this.#signaling, media: this.#media } as CallInput,
    });
    this.view = callView(this.#actor.getSnapshot());
    this.#told = JSON.stringify(this.view);
  }

  /** Starts the machine. Once, after the owner has taken the call in. */
  start(): void {
    const actor = this.#actor;
    actor.on('call.refused', ({ command, code, ticket, error }) => {
      this.#news.push(() => this.#emitter.emit('call.refused', { command, code, error }));
      // Without an error the call has ended before there was an answer.
      this.#settle(ticket, error ?? phoneError('call_ended'));
    });
    actor.on('request.done', ({ ticket }) => this.#settle(ticket));
    actor.on('call.mute-requested', ({ by }) => {
      const asker = this.participants.find(({ id }) => id === by);
      if (asker === undefined) return;
      this.#news.push(() => this.#emitter.emit('call.mute-requested', { by: asker }));
    });
    actor.on('port.threw', ({ error }) =>
      this.#parts.logger.error('a port of a call failed', {
        callId: this.id,
        error: toError(error),
      }),
    );
    actor.subscribe({
      next: (snapshot) => this.#changed(snapshot),
      error: (thrown) => {
        // The machine itself broke, which nothing outside can make it do.
        const error = toError(thrown);
        this.#parts.logger.error('a call machine failed', { callId: this.id, error });
        this.#broke();
      },
    });
    actor.start();
    // Closed by who made it, or in a port.
    if (this.#tube.closed) this.#broke();
  }

  /** True while this user can hear the call, or soon will. */
  get isOn(): boolean {
    return this.state !== 'ended' && !isRingingHere(this);
  }

  /** True while this user holds the call. */
  get isHeld(): boolean {
    return this.holding === 'local' || this.holding === 'both';
  }

  accept(media: Partial<MediaKinds> = {}): void {
    const { audio = this.media.audio, video = this.media.video } = media;
    if (isRingingHere(this)) for (const each of this.#parts.others(this)) each.hold();
    this.#send({ type: 'user.accept', kinds: { audio, video } });
  }

  decline(): void {
    this.#send({ type: 'user.decline' });
  }

  hangUp({ everyone }: { readonly everyone?: boolean | undefined } = {}): void {
    this.#send({ type: 'user.hang-up', everyone });
  }

  hold(): void {
    if (!this.isHeld) this.#send({ type: 'user.update', held: true });
  }

  resume(): void {
    if (this.isHeld) this.#send({ type: 'user.update', held: false });
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

  swap(): Promise<void> {
    return ignorable(() => {
      if (this.state === 'ended') throw phoneError('call_ended');
      if (this.answeredAt === null) throw phoneError('wrong_state');
      const others = this.#parts.others(this);
      if (!others[0]) throw phoneError('no_other_call');
      for (const each of others) each.hold();
      this.resume();
    });
  }

  invite(to: string, { role }: InviteOptions = {}): Promise<void> {
    return this.#ask(() => ({ type: 'call.invite', to: this.#read(to), role }));
  }

  remove(participantId: ParticipantId): Promise<void> {
    return this.#ask(() => ({ type: 'call.remove', participantId }));
  }

  requestMute(participantId: ParticipantId): Promise<void> {
    return this.#ask(() => ({ type: 'call.request-mute', participantId }));
  }

  transfer(target: string | Call): Promise<void> {
    return this.#ask(() =>
      target && typeof target !== 'string'
        ? { type: 'call.transfer', toCallId: this.#other(target) }
        : { type: 'call.transfer', to: this.#read(target) },
    );
  }

  merge(other: Call): Promise<void> {
    return ignorable(async () => {
      const wasHeld = (other as MachineCall)?.isHeld;
      await this.#ask(() => ({ type: 'call.merge', fromCallId: this.#other(other) }));
      // Who talked there talks here, unless they talk elsewhere by now.
      const others = this.#parts.others(this);
      if (!wasHeld && others.every((each) => each === other || each.isHeld)) this.resume();
    });
  }

  sendDtmf(tones: string): Promise<void> {
    return ignorable(() => this.#audible.sendDtmf(tones));
  }

  setAudioOutput(deviceId: string): Promise<void> {
    return ignorable(() => this.#audible.setAudioOutput(deviceId));
  }

  may(action: Action, participantId?: ParticipantId): boolean {
    const self = this.#participant(this.participants[0]?.id);
    const to = this.#participant(participantId);
    if (this.state === 'ended' || self?.state !== 'joined') return false;
    if (participantId !== undefined && (to === undefined || to === self)) return false;
    return isPermitted(self, action, to);
  }

  streamOf(participantId: ParticipantId): MediaStream | null {
    const legId = this.participants.find(({ id }) => id === participantId)?.legId;
    return (legId && this.session?.remoteStreams.get(legId)) || null;
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

  /** The media, unless the engine could not make any. */
  get #audible(): MediaSession {
    if (this.session === undefined) throw phoneError('call_ended');
    return this.session;
  }

  #read(to: string): Address {
    return otherAddress(to, this.#parts.userId());
  }

  /** Of no call too: hosts look one up, and it may be over by then. */
  #other(call: Call | undefined): string {
    if (call === this) throw phoneError('same_call');
    if (!call || call.state === 'ended') throw phoneError('call_ended');
    return call.id;
  }

  /** In the facts, unless they have left. */
  #participant(id: ParticipantId | undefined): Participant | undefined {
    return this.#actor
      .getSnapshot()
      .context.facts?.participants.find((each) => each.id === id && each.state !== 'left');
  }

  /** Asks for something; resolves when it is done. */
  #ask(request: () => CallRequest): Promise<void> {
    return ignorable(async () => {
      if (this.state === 'ended') throw phoneError('call_ended');
      const asked = request();
      const ticket = `r${++this.#asked}`;
      await new Promise<void>((resolve, reject) => {
        this.#waiting.set(ticket, (error) => (error === undefined ? resolve() : reject(error)));
        this.#send({ type: 'user.request', ticket, request: asked });
      });
    });
  }

  #settle(ticket: string | undefined, error?: Error): void {
    this.#waiting.get(ticket!)?.(error);
    this.#waiting.delete(ticket!);
  }

  #send(event: UserEvent): void {
    // XState warns on the console of events to an actor that is done.
    if (this.#actor.getSnapshot().status === 'active') this.#actor.send(event);
  }

  #changed(snapshot: CallSnapshot): void {
    const before = this.view;
    const view = callView(snapshot);
    const isMoved = view.callId !== before.callId;
    const isDone = snapshot.status === 'done';
    const told = JSON.stringify(view);
    this.view = view;
    this.#stamp(view.state);
    if (isDone) this.#parts.changed('ended');
    if (told !== this.#told) {
      this.#told = told;
      if (isMoved) {
        this.#emitter.emit('call.moved', { fromCallId: before.callId, toCallId: view.callId });
      }
      this.#emitter.emit('call.changed', this);
      const known = isMoved ? [] : before.participants;
      const { facts } = snapshot.context;
      for (const each of changedParticipants(known, view.participants, facts)) {
        this.#emitter.emit('participant.changed', each);
      }
    }
    for (const tell of this.#news.splice(0)) tell();
    if (isDone) this.#finish(snapshot.output!);
    else if (isMoved || view.state !== before.state) {
      this.#parts.changed(isMoved ? 'id' : 'view');
    }
  }

  #stamp(state: Call['state']): void {
    const now = this.#parts.clock.now();
    if (state === 'connecting' || state === 'active' || state === 'reconnecting') {
      this.answeredAt ??= now;
      this.#resolveAnswered(true);
    }
    if (state === 'active') this.activeAt ??= now;
    if (state === 'ended') this.endedAt ??= now;
  }

  #finish(end: CallEnd): void {
    this.#isOver = true;
    for (const ticket of this.#waiting.keys()) this.#settle(ticket, phoneError('call_ended'));
    this.#resolveAnswered(false);
    this.#resolveEnded(end);
    this.#emitter.emit('call.ended', end);
    this.#emitter.clear();
    void this.#tube.close();
  }

  /** The machine or the tube is gone. The call ends, if it has not, and no other. */
  #broke(): void {
    if (this.#isOver) return;
    this.#actor.stop();
    const isNews = this.view.end === null;
    if (isNews) {
      const isUnknown = this.#actor.getSnapshot().context.facts === null;
      // One of several devices that ring goes, and the others ring on.
      this.#signaling.send(
        isRingingHere(this)
          ? { type: 'call.decline', busy: true }
          : { type: 'call.hang-up', cause: 'internal', ...(isUnknown && { dialed: true }) },
      );
      this.view = { ...this.view, state: 'ended', end: broken };
      this.#stamp('ended');
    }
    this.#signaling.close();
    this.#tube.finish(() => this.#media.close());
    this.#parts.changed('ended');
    if (isNews) this.#emitter.emit('call.changed', this);
    this.#finish(this.view.end!);
  }
}
