import type { Clock, TimerHandle } from '@ringfence/base';

export interface FakeAudioContextOptions {
  readonly clock: Clock;
  /** False: it does not run before {@link FakeAudioContext.allow}. Default true. */
  readonly isAllowed?: boolean;
  /** Outputs that are there. Default none but the default one. */
  readonly outputs?: readonly string[];
}

/** A buffer source: a tone that sounds, or sounded. */
export class FakeSource extends EventTarget {
  buffer: { readonly samples: Float32Array } | null = null;
  loop = false;
  isStopped = false;
  readonly #clock: Clock;
  readonly #sampleRate: number;
  readonly #started: (source: FakeSource) => void;
  #timer: TimerHandle;

  constructor(clock: Clock, sampleRate: number, started: (source: FakeSource) => void) {
    super();
    this.#clock = clock;
    this.#sampleRate = sampleRate;
    this.#started = started;
  }

  connect(): void {}

  disconnect(): void {}

  start(): void {
    this.#started(this);
    if (this.loop) return;
    const lengthMs = (this.buffer!.samples.length / this.#sampleRate) * 1_000;
    this.#timer = this.#clock.setTimeout(() => {
      this.isStopped = true;
      this.dispatchEvent(new Event('ended'));
    }, lengthMs);
  }

  stop(): void {
    this.#clock.clearTimeout(this.#timer);
    this.isStopped = true;
  }
}

/**
 * An audio context without sound, as far as tones use one (W3C Web Audio): it runs when it may,
 * and knows what sounds.
 */
export class FakeAudioContext extends EventTarget {
  readonly sampleRate = 8_000;
  readonly destination = {};
  /** Every source that was started, in order. */
  readonly sources: FakeSource[] = [];
  state: AudioContextState = 'suspended';
  /** The loudness of the only gain. */
  gain = 1;
  sinkId = '';
  readonly #options: FakeAudioContextOptions;
  readonly #timers = new Set<TimerHandle>();
  #isAllowed: boolean;
  #waiting: (() => void)[] = [];

  constructor(options: FakeAudioContextOptions) {
    super();
    this.#options = options;
    this.#isAllowed = options.isAllowed ?? true;
  }

  /** What can be heard now. */
  get sounding(): readonly FakeSource[] {
    return this.state === 'running' ? this.sources.filter(({ isStopped }) => !isStopped) : [];
  }

  /** The user touches the page: `resume` works from now on. It does not resume by itself. */
  allow(): void {
    this.#isAllowed = true;
  }

  resume(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.state === 'closed') return reject(new DOMException('closed', 'InvalidStateError'));
      this.#waiting.push(resolve);
      if (this.#isAllowed) this.#later(() => this.#become('running'));
    });
  }

  suspend(): Promise<void> {
    return new Promise((resolve) => {
      this.#later(() => {
        this.#become('suspended');
        resolve();
      });
    });
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) this.#options.clock.clearTimeout(timer);
    this.#become('closed');
  }

  async setSinkId(id: string): Promise<void> {
    if (id !== '' && !this.#options.outputs?.includes(id)) {
      throw new DOMException('no such output', 'NotFoundError');
    }
    this.sinkId = id;
  }

  createGain(): object {
    const setGain = (value: number): void => {
      this.gain = value;
    };
    return {
      gain: {
        set value(value: number) {
          setGain(value);
        },
      },
      connect() {},
      disconnect() {},
    };
  }

  createBuffer(_channels: number, length: number): object {
    const samples = new Float32Array(length);
    return { samples, copyToChannel: (source: Float32Array) => samples.set(source) };
  }

  createBufferSource(): FakeSource {
    return new FakeSource(this.#options.clock, this.sampleRate, (source) =>
      this.sources.push(source),
    );
  }

  #later(step: () => void): void {
    const timer = this.#options.clock.setTimeout(() => {
      this.#timers.delete(timer);
      step();
    }, 1);
    this.#timers.add(timer);
  }

  #become(state: AudioContextState): void {
    if (this.state === 'closed' || this.state === state) return;
    this.state = state;
    if (state === 'running') for (const resolve of this.#waiting.splice(0)) resolve();
    this.dispatchEvent(new Event('statechange'));
  }
}
