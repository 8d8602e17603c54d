import type { FakeStream } from './fake-track.ts';

/** What an audio element takes from its page. */
export interface FakeAudioHost {
  /** False before the user has touched the page, where the browser is strict. */
  allowsSound(): boolean;
  /** Whether there is such an output; `''` is the default one. */
  hasOutput(id: string): boolean;
}

/** An audio element of {@link FakeBrowser} (HTML section 4.8.11, W3C Audio Output Devices). */
export class FakeAudio {
  srcObject: FakeStream | null = null;
  paused = true;
  sinkId = '';
  readonly #host: FakeAudioHost;

  constructor(host: FakeAudioHost) {
    this.#host = host;
  }

  /** True while it can be heard: at an output that is there. */
  get isHeard(): boolean {
    return !this.paused && this.srcObject !== null && this.#host.hasOutput(this.sinkId);
  }

  async play(): Promise<void> {
    if (!this.#host.allowsSound()) throw new DOMException('touch the page', 'NotAllowedError');
    if (this.srcObject === null) throw new DOMException('no source', 'NotSupportedError');
    this.paused = false;
  }

  pause(): void {
    this.paused = true;
  }

  async setSinkId(id: string): Promise<void> {
    if (!this.#host.hasOutput(id)) throw new DOMException('no such output', 'NotFoundError');
    this.sinkId = id;
  }
}
