/*
 * The sound of a page.
 *
 *   1. One audio element for each leg that is heard, never attached to the page.
 *   2. A browser may refuse sound before the user has touched the page. It is tried again with the
 *      next gesture; until then the page is told, so that it can ask for one.
 *   3. An output is tried before it is used. One that is away is replaced by the default until it
 *      is back.
 */
import type { Listeners, Logger } from '@ringfence/base';
import type { Browser } from './browser.ts';
import { errorName } from './capture-cause.ts';
import { unavailable } from './errors.ts';

/** What the listeners of a page's sound hear. */
export interface PlaybackEvents {
  /**
   * The browser lets no sound start before the user touches the page. The next gesture starts it;
   * ask for one.
   */
  'audio.blocked': undefined;
  /** What was blocked is heard now, or is over. */
  'audio.unblocked': undefined;
}

export interface PlaybackCollaborators {
  readonly browser: Pick<Browser, 'createAudio' | 'onGesture'>;
  readonly emitter: Listeners<PlaybackEvents>;
  readonly logger: Logger;
}

/** The sound of a page. */
export interface Playback {
  /** Where calls play that were not told otherwise. */
  output: string;
  /** The devices that are there; unknown until they change. */
  present: ReadonlySet<string> | undefined;
  /** Plays a stream until it is stopped. */
  start(stream: MediaStream, output: string): HTMLAudioElement;
  stop(audio: HTMLAudioElement): void;
  /** Plays what is refused; works within a gesture of the user. Never rejects. */
  unlock(): Promise<void>;
  /** Sends the sound of an element to an output, or to the default while that is away. */
  route(audio: HTMLAudioElement, output: string): void;
  /**
   * Tries an output, apart from what plays.
   *
   * @throws {RingfenceError} as a rejection: `audio_output_unavailable`.
   */
  check(output: string): Promise<void>;
}

/** Makes the sound of a page. Nothing is opened until something plays. */
export function createPlayback({ browser, emitter, logger }: PlaybackCollaborators): Playback {
  const blocked = new Set<HTMLAudioElement>();
  let ignoreGestures: (() => void) | undefined;

  const lost = (thrown: unknown): void => logger.warn('sound lost', { error: errorName(thrown) });

  const unlock = async (): Promise<void> => {
    await Promise.all([...blocked].map(play));
  };

  const allowed = (audio: HTMLAudioElement): void => {
    if (!blocked.delete(audio) || blocked.size > 0) return;
    ignoreGestures?.();
    ignoreGestures = undefined;
    emitter.emit('audio.unblocked', undefined);
  };

  async function play(audio: HTMLAudioElement): Promise<void> {
    try {
      await audio.play();
      allowed(audio);
    } catch (thrown) {
      // It was stopped meanwhile.
      if (!audio.srcObject) return;
      if (errorName(thrown) !== 'NotAllowedError') return lost(thrown);
      blocked.add(audio);
      if (ignoreGestures) return;
      ignoreGestures = browser.onGesture(() => void unlock());
      emitter.emit('audio.blocked', undefined);
    }
  }

  const playback: Playback = {
    output: '',
    present: undefined,
    start(stream, output) {
      const audio = browser.createAudio();
      audio.srcObject = stream;
      playback.route(audio, output);
      void play(audio);
      return audio;
    },
    stop(audio) {
      audio.pause();
      audio.srcObject = null;
      allowed(audio);
    },
    unlock,
    route(audio, output) {
      const isAway = playback.present?.has(output) === false;
      // Older browsers have no choice to offer: `check` says so to who asks for one.
      audio.setSinkId?.(isAway ? '' : output).catch(lost);
    },
    async check(output) {
      try {
        if (output !== '') await browser.createAudio().setSinkId(output);
      } catch (thrown) {
        throw unavailable('audio_output_unavailable', thrown);
      }
    },
  };
  return playback;
}
