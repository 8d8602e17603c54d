/** What a sender of tones takes from its connection. */
export interface FakeDtmfHost {
  /** True while the connection stands and its sender has something to send. */
  canSend(): boolean;
  /** Runs later; forgotten when the connection closes. */
  after(ms: number, callback: () => void): void;
}

/** The `RTCDTMFSender` of an audio sender (W3C WebRTC section 7.2). */
export class FakeDtmf {
  ontonechange: ((event: { readonly tone: string }) => unknown) | null = null;
  /** Every tone sent, in order. */
  sent = '';
  /** False: the peer did not agree to take tones. */
  isAgreed = true;
  readonly #host: FakeDtmfHost;
  #buffer = '';

  constructor(host: FakeDtmfHost) {
    this.#host = host;
  }

  get canInsertDTMF(): boolean {
    return this.isAgreed && this.#host.canSend();
  }

  insertDTMF(tones: string, durationMs: number, gapMs: number): void {
    if (!this.canInsertDTMF) throw new DOMException('cannot send', 'InvalidStateError');
    if (!/^[\dA-D*#,]*$/i.test(tones)) throw new DOMException('odd', 'InvalidCharacterError');
    const isRunning = this.#buffer !== '';
    this.#buffer = tones;
    if (!isRunning) this.#host.after(0, () => this.#next(durationMs, gapMs));
  }

  #next(durationMs: number, gapMs: number): void {
    if (!this.canInsertDTMF) {
      // No event, as the standard has it.
      this.#buffer = '';
      return;
    }
    const tone = this.#buffer.charAt(0);
    this.#buffer = this.#buffer.slice(1);
    this.sent += tone;
    if (tone !== '') {
      const ms = tone === ',' ? 2_000 : durationMs + gapMs;
      this.#host.after(ms, () => this.#next(durationMs, gapMs));
    }
    this.ontonechange?.({ tone });
  }
}
