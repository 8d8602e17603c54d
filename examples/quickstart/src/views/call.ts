import type { Call } from '@ringfence/phone';
import { element, setText } from '../element.ts';
import { formatDuration } from '../format.ts';
import type { Line } from '../lines.ts';
import { namesIn, stateWord } from '../words.ts';
import type { Words } from '../words.ts';
import { createBanners } from './banners.ts';
import { createControls } from './controls.ts';
import { createHeldLines } from './held.ts';
import { createKeypadSheet } from './keypad.ts';
import { createPeopleSheet } from './people.ts';
import { createQualityPanel } from './quality.ts';
import { createStage } from './stage.ts';
import { createTransferSheet } from './transfer.ts';
import type { View } from './view.ts';

/** The lines: one large, from dialing to its end, the others small, and who asks to come in. */
export interface CallView extends View<{
  readonly front: Line;
  readonly others: readonly Line[];
  readonly asking: readonly Call[];
  /** What the page says for a while; null when nothing. */
  readonly note: string | null;
}> {
  /** Moves the clocks on. */
  tick(): void;
}

export function createCallView(
  words: Words,
  options: {
    readonly devicesSheet: { readonly element: HTMLElement };
    /** Tells when what was asked for is refused. */
    readonly attempt: (asked: Promise<unknown>, name?: string) => void;
    readonly onDial: (name: string) => void;
  },
): CallView {
  const { attempt, devicesSheet, onDial } = options;
  let since: number | null = null;
  let others: readonly Line[] = [];
  const banners = createBanners(words);
  const held = createHeldLines(words, { onSwap: (call) => attempt(call.swap()) });
  const stage = createStage(words);
  const quality = createQualityPanel(words);
  const keypad = createKeypadSheet(words, { attempt });
  const people = createPeopleSheet(words, { attempt, onDial });
  const transfer = createTransferSheet(words, { attempt });
  const controls = createControls(
    words,
    { keypad, people, transfer, devices: devicesSheet },
    {
      // One call is heard at a time: with others about, to go on here is to swap.
      onResume: (call) => (others.length > 0 ? attempt(call.swap()) : call.resume()),
    },
  );
  const title = element('h1', { class: 'call-title', id: 'call-title', tabindex: '-1' });
  const word = element('span', { class: 'soft' });
  const clock = element('span', { class: 'clock' });
  const cancelHint = element(
    'p',
    { class: 'hint keys' },
    element('kbd', {}, 'Esc'),
    ` ${words.call.escape}`,
  );
  return {
    element: element(
      'section',
      { class: 'screen call', 'aria-labelledby': 'call-title' },
      banners.element,
      held.element,
      element(
        'header',
        { class: 'call-header' },
        title,
        element('p', { class: 'call-state' }, word, clock),
      ),
      stage.element,
      controls.element,
      cancelHint,
      quality.element,
      keypad.element,
      people.element,
      transfer.element,
    ),
    focusTarget: title,
    update({ front: { call, talkingSince }, others: beside, asking, note }) {
      since = talkingSince;
      others = beside;
      const isTalking = call.state === 'active' || call.state === 'reconnecting';
      const names = namesIn(words, call);
      setText(title, words.call.title(names));
      setText(word, stateWord(words, call));
      banners.update(asking, call.answeredAt === null ? null : names);
      held.update(beside);
      stage.update(call, note);
      controls.update(call);
      keypad.update(call);
      people.update(call, beside);
      transfer.update(call, beside);
      cancelHint.hidden = !canEscape(call, beside);
      quality.element.hidden = !isTalking;
      quality.update(call.quality);
    },
    tick() {
      setText(clock, since === null ? '' : formatDuration(performance.now() - since));
      held.tick();
    },
  };
}

/** True while Escape takes the call back: while a no is harmless, and nothing else is on. */
export function canEscape(call: Call, others: readonly Line[]): boolean {
  return call.direction === 'outgoing' && call.answeredAt === null && others.length === 0;
}
