import { silentLogger, systemClock } from '@ringfence/base';
import type { Clock, Logger, TimerHandle } from '@ringfence/base';
import { createTones } from '@ringfence/media/tones';
import type { ToneName, ToneRegion, Tones } from '@ringfence/media/tones';
import type { Call } from '../call.ts';
import type { Phone } from '../phone.ts';
import { dueTone, endTone, isHeard } from './due-tone.ts';

/** How a ringer sounds. */
export interface RingerOptions {
  /** Whose tones they are. Default `europe`. */
  readonly region?: ToneRegion | undefined;
  /** From 0, silent, to 1, as made. Default 1. */
  readonly loudness?: number | undefined;
  /** Tones of the host's own, in place of those above. They are not closed with the ringer. */
  readonly tones?: Tones | undefined;
}

/** What a ringer works with. Each has the real thing as its default. */
export interface RingerCollaborators {
  readonly clock?: Clock | undefined;
  /** Default: nothing is logged. */
  readonly logger?: Logger | undefined;
}

/** What a ringer's listeners hear. */
export interface RingerEvents {
  /** A tone is due, and the browser lets no sound start before the user touches the page. */
  'ringer.blocked': undefined;
  /** What was blocked sounds now, or is over. */
  'ringer.unblocked': undefined;
}

/** The tones of a phone, played as its calls come and go. */
export interface Ringer extends Disposable {
  /** What sounds now, or would if the browser let it; null for silence. */
  readonly tone: ToneName | null;
  /** True while a tone is due that the browser keeps silent: ask the user for a gesture. */
  readonly blocked: boolean;
  /** Starts what is due, and allows what comes. Call it while a gesture of the user is handled. */
  unlock(): void;
  /**
   * Rings elsewhere, as a loudspeaker while calls are heard in a headset; `''` is the default.
   *
   * @throws {RingfenceError} as a rejection: `audio_output_unavailable`.
   */
  setOutput(deviceId: string): Promise<void>;
  /** Subscribes. Returns the function that unsubscribes. */
  on<Name extends keyof RingerEvents>(
    name: Name,
    listener: (payload: RingerEvents[Name]) => unknown,
  ): () => void;
  /** Falls silent and lets go of the phone. Idempotent. */
  close(): void;
}

/**
 * Rings for a phone: when a call comes in, softly when another is on, the ring-back tone while it
 * rings at the other end or who was transferred waits, and busy, congestion or a short tone when a
 * call ends, until the user turns to another. One tone at a time. Nothing of the browser is opened before the first tone.
 *
 * @throws {RingfenceError} `invalid_option`.
 *
 * @example
 * const ringer = createRinger(phone, { region: 'north-america' });
 * ringer.on('ringer.blocked', () => show(button));
 * button.addEventListener('click', () => ringer.unlock());
 */
export function createRinger(
  phone: Pick<Phone, 'calls' | 'on'>,
  options: RingerOptions = {},
  { clock = systemClock, logger = silentLogger }: RingerCollaborators = {},
): Ringer {
  const { region = 'europe', loudness = 1 } = options;
  const tones = options.tones ?? createTones({ region, loudness }, { clock, logger });
  /** The calls that are followed, and how to let go of them. */
  const calls = new Map<Call, () => void>();
  let tone: ToneName | null = null;
  let stop = (): void => {};
  /** Runs while the tone of an end sounds. */
  let ending: TimerHandle;

  function play(next: ToneName | null): void {
    clock.clearTimeout(ending);
    ending = undefined;
    if (next === tone) return;
    stop();
    tone = next;
    stop = next === null ? () => {} : tones.play(next);
  }

  /** Who turns to another call has heard enough of the one that ended. */
  function cutEnd(): void {
    if (ending !== undefined) play(null);
  }

  /** Plays what is due; the tone of an end sounds on while nothing is. */
  function update(): void {
    const due = dueTone([...calls.keys()]);
    if (due !== null || ending === undefined) play(due);
  }

  function ended(call: Call): void {
    calls.get(call)?.();
    calls.delete(call);
    update();
    const last = endTone(call, call.end!);
    if (last === null || (tone !== null && ending === undefined)) return;
    play(last.tone);
    ending = clock.setTimeout(() => play(null), last.forMs);
  }

  function follow(): void {
    for (const call of phone.calls) {
      if (calls.has(call) || call.state === 'ended') continue;
      const changed = (): void => {
        if (call.state === 'ended') return ended(call);
        if (isHeard(call)) cutEnd();
        update();
      };
      calls.set(call, call.on('call.changed', changed));
      cutEnd();
    }
    update();
  }

  const unlisten = phone.on('calls.changed', follow);
  follow();

  function close(): void {
    unlisten();
    for (const unfollow of calls.values()) unfollow();
    calls.clear();
    play(null);
    // The audio context closes in its own time; it never rejects.
    if (options.tones === undefined) void tones.close();
  }

  return {
    get tone() {
      return tone;
    },
    get blocked() {
      return tones.blocked;
    },
    unlock: () => tones.unlock(),
    setOutput: (deviceId) => tones.setOutput(deviceId),
    on: (name, listener) =>
      tones.on(name === 'ringer.blocked' ? 'tones.blocked' : 'tones.unblocked', () =>
        listener(undefined),
      ),
    close,
    [Symbol.dispose]: close,
  };
}
