/*
 * The tones of a page, made by code: no sound file is loaded.
 *
 *   1. A browser lets an audio context run only once the user has touched the page. Until then a
 *      tone is silent; one that goes on begins when it may, one that sounds once is dropped.
 *   2. `resume()` of a context that may not run never settles. So one that does not run within
 *      `blockedAfterMs` counts as blocked.
 *   3. A context is suspended while no tone sounds: it would keep the sound card awake.
 */
import {
  createListeners,
  numberOption,
  optionError,
  silentLogger,
  systemClock,
} from '@ringfence/base';
import type { Clock, Listeners, Logger } from '@ringfence/base';
import { errorName } from '../capture-cause.ts';
import { unavailable } from '../errors.ts';
import { Timer } from '../timer.ts';
import { tonePlans } from './plans.ts';
import type { ToneName, ToneRegion } from './plans.ts';
import { drawTone, isRepeated } from './waveform.ts';

export interface TonesOptions {
  /**
   * Makes the audio context, when the first tone is due. Default: a new one, which is closed with
   * the tones. One that is given here is suspended while no tone sounds, and left open.
   */
  readonly audioContext?: () => AudioContext;
  /** Whose tones they are. Default `europe`. */
  readonly region?: ToneRegion;
  /** From 0, silent, to 1, as made. Default 1. */
  readonly loudness?: number;
}

/** What tones work with. Each has the real thing as its default. */
export interface TonesCollaborators {
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** What the listeners of {@link Tones} hear. */
export interface TonesEvents {
  /** A tone is due, and the browser lets no sound start before the user touches the page. */
  'tones.blocked': undefined;
  /** What was blocked sounds now, or is over. */
  'tones.unblocked': undefined;
}

/** The tones of a phone, on one page. */
export interface Tones extends AsyncDisposable {
  /** True while a tone is due that the browser keeps silent. */
  readonly blocked: boolean;
  /**
   * Starts a tone. `ended` sounds once; the others go on until the function that is returned is
   * called. Calling it twice is harmless.
   */
  play(name: ToneName): () => void;
  /**
   * Starts what is due. Call it while a gesture of the user is handled; where nothing is due yet,
   * later tones are then allowed.
   */
  unlock(): void;
  /**
   * Sounds elsewhere, as a loudspeaker while calls are heard in a headset; `''` is the default.
   *
   * @throws {RingfenceError} as a rejection: `audio_output_unavailable`, also in a browser whose
   * audio contexts have no choice, and once the tones are closed.
   */
  setOutput(deviceId: string): Promise<void>;
  /** Subscribes. Returns the function that unsubscribes. */
  on<Name extends keyof TonesEvents>(
    name: Name,
    listener: (payload: TonesEvents[Name]) => unknown,
  ): () => void;
  /** Ends every tone. Idempotent; what is played afterwards is silent. */
  close(): Promise<void>;
}

/** A tone that was asked for and not stopped. */
interface Due {
  readonly name: ToneName;
  source?: AudioBufferSourceNode;
}

/** An audio context, where the browser lets it choose its output. */
type RoutableContext = AudioContext & { setSinkId?(id: string): Promise<void> };

const blockedAfterMs = 500;

/**
 * Makes the tones of a page. Nothing is opened before the first of them.
 *
 * @throws {RingfenceError} `invalid_option`.
 *
 * @example
 * const tones = createTones({ region: 'north-america' });
 * const stop = tones.play('ring-back');
 */
export function createTones(
  options: TonesOptions = {},
  { clock = systemClock, logger = silentLogger }: TonesCollaborators = {},
): Tones {
  const { audioContext, region = 'europe' } = options;
  if (!Object.hasOwn(tonePlans, region)) {
    throw optionError('region', region, `one of ${Object.keys(tonePlans).join(', ')}`);
  }
  const loudness = numberOption('loudness', options.loudness ?? 1, 0, 1);
  return new PageTones(
    { isOwned: audioContext === undefined, region, loudness },
    audioContext ?? (() => new globalThis.AudioContext()),
    clock,
    logger,
  );
}

interface PageTonesOptions {
  readonly isOwned: boolean;
  readonly region: ToneRegion;
  readonly loudness: number;
}

class PageTones implements Tones {
  readonly #options: PageTonesOptions;
  readonly #create: () => RoutableContext;
  readonly #logger: Logger;
  readonly #emitter: Listeners<TonesEvents>;
  readonly #patience: Timer;
  readonly #due = new Set<Due>();
  readonly #drawn = new Map<ToneName, AudioBuffer>();
  #context: RoutableContext | undefined;
  #output: AudioNode | undefined;
  #isBlocked = false;
  #isClosed = false;

  constructor(
    options: PageTonesOptions,
    create: () => RoutableContext,
    clock: Clock,
    logger: Logger,
  ) {
    this.#options = options;
    this.#create = create;
    this.#logger = logger;
    this.#patience = new Timer(clock);
    this.#emitter = createListeners(logger);
  }

  get blocked(): boolean {
    return this.#isBlocked;
  }

  play(name: ToneName): () => void {
    const due: Due = { name };
    if (this.#isClosed || (this.#isBlocked && !this.#isRepeated(due))) return () => {};
    this.#due.add(due);
    this.#wake();
    return () => this.#end(due);
  }

  unlock(): void {
    if (!this.#isClosed) this.#wake();
  }

  async setOutput(deviceId: string): Promise<void> {
    try {
      if (this.#isClosed) throw new DOMException('the tones are closed', 'InvalidStateError');
      const context = this.#open();
      if (deviceId !== '' || context.setSinkId !== undefined) await context.setSinkId!(deviceId);
    } catch (thrown) {
      throw unavailable('audio_output_unavailable', thrown);
    }
  }

  on<Name extends keyof TonesEvents>(
    name: Name,
    listener: (payload: TonesEvents[Name]) => unknown,
  ): () => void {
    return this.#emitter.on(name, listener);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const due of [...this.#due]) this.#end(due);
    this.#emitter.clear();
    this.#context?.removeEventListener('statechange', this.#stateChanged);
    this.#output?.disconnect();
    if (this.#options.isOwned) await this.#context?.close().catch(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #open(): RoutableContext {
    if (this.#context !== undefined) return this.#context;
    const context = this.#create();
    const gain = context.createGain();
    gain.gain.value = this.#options.loudness;
    gain.connect(context.destination);
    context.addEventListener('statechange', this.#stateChanged);
    this.#output = gain;
    this.#context = context;
    return context;
  }

  /** Gets the context to run, and with it what is due. */
  #wake(): void {
    try {
      const context = this.#open();
      if (context.state === 'running') return this.#start();
      if (this.#due.size > 0 && !this.#patience.isRunning) {
        this.#patience.start(blockedAfterMs, () => this.#block());
      }
      context.resume().then(this.#stateChanged, (thrown: unknown) => this.#failed(thrown));
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  /** Also for a context that stops by itself: it was being suspended, or a phone call came in. */
  readonly #stateChanged = (): void => {
    if (this.#isClosed) return;
    if (this.#context!.state === 'running') this.#start();
    else if (this.#due.size > 0) this.#wake();
  };

  #failed(thrown: unknown): void {
    this.#logger.warn('tone not played', { error: errorName(thrown) });
  }

  #start(): void {
    this.#patience.stop();
    for (const due of this.#due) due.source ??= this.#sound(due);
    this.#unblock();
    this.#rest();
  }

  #sound(due: Due): AudioBufferSourceNode {
    const source = this.#context!.createBufferSource();
    source.buffer = this.#draw(due.name);
    source.loop = this.#isRepeated(due);
    source.connect(this.#output!);
    source.addEventListener('ended', () => this.#end(due));
    source.start();
    return source;
  }

  #isRepeated({ name }: Due): boolean {
    return isRepeated(tonePlans[this.#options.region][name]);
  }

  #draw(name: ToneName): AudioBuffer {
    const drawn = this.#drawn.get(name);
    if (drawn !== undefined) return drawn;
    const { sampleRate } = this.#context!;
    const samples = drawTone(tonePlans[this.#options.region][name], sampleRate);
    const buffer = this.#context!.createBuffer(1, samples.length, sampleRate);
    buffer.copyToChannel(samples, 0);
    this.#drawn.set(name, buffer);
    return buffer;
  }

  #end(due: Due): void {
    if (!this.#due.delete(due)) return;
    due.source?.stop();
    due.source?.disconnect();
    this.#rest();
  }

  /** With nothing due, nothing is blocked, and the sound card may sleep. */
  #rest(): void {
    if (this.#due.size > 0) return;
    this.#patience.stop();
    this.#unblock();
    if (this.#context?.state === 'running') this.#context.suspend().catch(() => {});
  }

  #block(): void {
    for (const due of [...this.#due]) {
      if (!this.#isRepeated(due)) this.#end(due);
    }
    if (this.#isBlocked || this.#due.size === 0) return;
    this.#isBlocked = true;
    this.#emitter.emit('tones.blocked', undefined);
  }

  #unblock(): void {
    if (!this.#isBlocked) return;
    this.#isBlocked = false;
    this.#emitter.emit('tones.unblocked', undefined);
  }
}
