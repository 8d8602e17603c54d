import type { Quality } from '@ringfence/phone';
import { element, setText } from '../element.ts';
import { formatBitrate, formatLoss, formatRoundTrip } from '../format.ts';

/** How the line sounds, by its mean opinion score (ITU-T G.107, annex B). */
function verdictOf(quality: Quality | null): { words: string; level: 0 | 1 | 2 | 3 | 4 } {
  const mos = quality?.mos ?? null;
  if (mos === null) return { words: 'Measuring', level: 0 };
  if (mos >= 4) return { words: 'Very good', level: 4 };
  if (mos >= 3.6) return { words: 'Good', level: 3 };
  if (mos >= 3.1) return { words: 'Fair', level: 2 };
  return { words: 'Poor', level: 1 };
}

/** The line in figures, every second. Not read aloud: it would never stop. */
export function createQualityPanel(): {
  readonly element: HTMLElement;
  update(quality: Quality | null): void;
} {
  const bars = element('span', { class: 'bars', 'aria-hidden': 'true' });
  bars.append(...[1, 2, 3, 4].map((level) => element('span', { class: `bar bar-${level}` })));
  const list = element('dl', { class: 'quality' });
  const tile = (name: string, ...before: Node[]): HTMLElement => {
    const value = element('span');
    list.append(
      element(
        'div',
        { class: 'tile' },
        element('dt', {}, name),
        element('dd', {}, ...before, value),
      ),
    );
    return value;
  };
  const line = tile('Line', bars);
  const roundTrip = tile('Round trip');
  const loss = tile('Loss');
  const sending = tile('Sending');
  const receiving = tile('Receiving');
  return {
    element: list,
    update(quality) {
      const { words, level } = verdictOf(quality);
      setText(line, words);
      bars.dataset['level'] = String(level);
      setText(roundTrip, formatRoundTrip(quality?.roundTripMs ?? null));
      setText(loss, formatLoss(quality?.lossPercent ?? null));
      setText(sending, quality === null ? '–' : formatBitrate(quality.sendKbps));
      setText(receiving, quality === null ? '–' : formatBitrate(quality.receiveKbps));
    },
  };
}
