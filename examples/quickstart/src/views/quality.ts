import type { Quality } from '@ringfence/phone';
import { element, setText } from '../element.ts';
import { formatBitrate, formatLoss, formatRoundTrip } from '../format.ts';
import type { Words } from '../words.ts';

/** How the line sounds, 1 poor to 4 very good, by its mean opinion score (ITU-T G.107, annex B). */
function levelOf(quality: Quality | null): 0 | 1 | 2 | 3 | 4 {
  const mos = quality?.mos ?? null;
  if (mos === null) return 0;
  if (mos >= 4) return 4;
  if (mos >= 3.6) return 3;
  return mos >= 3.1 ? 2 : 1;
}

/** The line in figures, every second. Not read aloud: it would never stop. */
export function createQualityPanel(words: Words): {
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
  const line = tile(words.quality.line, bars);
  const roundTrip = tile(words.quality.roundTrip);
  const loss = tile(words.quality.loss);
  const sending = tile(words.quality.sending);
  const receiving = tile(words.quality.receiving);
  return {
    element: list,
    update(quality) {
      const level = levelOf(quality);
      setText(line, words.quality.verdicts[level]!);
      bars.dataset['level'] = String(level);
      setText(roundTrip, formatRoundTrip(quality?.roundTripMs ?? null, words));
      setText(loss, formatLoss(quality?.lossPercent ?? null, words));
      setText(sending, quality === null ? '–' : formatBitrate(quality.sendKbps, words));
      setText(receiving, quality === null ? '–' : formatBitrate(quality.receiveKbps, words));
    },
  };
}
