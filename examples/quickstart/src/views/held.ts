import type { Call } from '@ringfence/phone';
import { element, setText } from '../element.ts';
import { formatDuration, initialsOf } from '../format.ts';
import type { Line } from '../lines.ts';
import { namesIn, stateWord } from '../words.ts';
import type { Words } from '../words.ts';
import { button } from './buttons.ts';
import { createCards } from './cards.ts';

/** The lines beside the large one, as small cards: swap to it, or hang it up. */
export function createHeldLines(
  words: Words,
  options: { readonly onSwap: (call: Call) => void },
): {
  readonly element: HTMLElement;
  update(lines: readonly Line[]): void;
  /** Moves the clocks on. */
  tick(): void;
} {
  let shown: readonly Line[] = [];
  const cards = createCards((call: Call) => {
    const avatar = element('span', { class: 'avatar', 'aria-hidden': 'true' });
    const name = element('strong', { class: 'held-name' });
    const about = element('span', { class: 'soft clock' });
    const swap = button(words.lines.talk, { icon: 'swap', onPress: () => options.onSwap(call) });
    const hangUp = button('', {
      kind: 'danger',
      icon: 'hang-up',
      isIconOnly: true,
      onPress: () => call.hangUp(),
    });
    return {
      element: element(
        'li',
        { class: 'held' },
        avatar,
        element('span', { class: 'card-words' }, name, about),
        swap,
        hangUp,
      ),
      update({ talkingSince }: Line) {
        const names = namesIn(words, call);
        setText(avatar, initialsOf(call.peer.userId));
        setText(name, names);
        const clock = talkingSince === null ? '' : formatDuration(performance.now() - talkingSince);
        setText(about, [stateWord(words, call), clock].filter(Boolean).join(' · '));
        swap.disabled = call.answeredAt === null;
        swap.setAttribute('aria-label', words.lines.talkTo(names));
        hangUp.setAttribute('aria-label', words.lines.hangUp(names));
        hangUp.title = words.lines.hangUp(names);
      },
    };
  });
  const list = element('ul', { class: 'held-lines', 'aria-label': words.lines.title });
  const show = (): void => {
    const byCall = new Map(shown.map((line) => [line.call, line]));
    list.hidden = shown.length === 0;
    cards.show(list, [...byCall.keys()], (call) => byCall.get(call)!);
  };
  return {
    element: list,
    update(lines) {
      shown = lines;
      show();
    },
    tick: show,
  };
}
