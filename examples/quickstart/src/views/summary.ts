import { element, setText } from '../element.ts';
import { formatLength, formatLoss, formatRoundTrip, initialsOf } from '../format.ts';
import type { PastCall } from '../lines.ts';
import { endInWords, peerName } from '../words.ts';
import type { Words } from '../words.ts';
import { button } from './buttons.ts';
import type { View } from './view.ts';

/** What the call was: with whom, how long, why it ended, what can be done. */
export function createSummaryView(
  words: Words,
  options: {
    readonly onDial: (name: string, media: { video: boolean }) => void;
    readonly onDone: () => void;
  },
): View<PastCall> {
  const { summary } = words;
  let past: PastCall | null = null;
  const avatar = element('span', { class: 'avatar avatar-large', 'aria-hidden': 'true' });
  const title = element('h1', { id: 'summary-title', class: 'display', tabindex: '-1' });
  const why = element('p', { class: 'lead', id: 'summary-why' });
  const advice = element('p', { class: 'advice', id: 'summary-advice' });
  const facts = element('dl', { class: 'facts' });
  const again = button(summary.again, {
    kind: 'primary',
    icon: 'call',
    onPress: () => past && options.onDial(past.call.peer.userId, { video: past.call.media.video }),
  });
  const done = button(summary.done, { onPress: options.onDone });
  const panel = element(
    'div',
    { class: 'panel summary-panel' },
    avatar,
    title,
    why,
    advice,
    facts,
    element('div', { class: 'row' }, again, done),
  );
  return {
    element: element(
      'section',
      { class: 'screen summary', 'aria-labelledby': 'summary-title' },
      panel,
    ),
    focusTarget: title,
    update(next) {
      past = next;
      const { call, talkedMs, roundTripMs, lossPercent } = next;
      const said = endInWords(words, call);
      avatar.textContent = initialsOf(call.peer.userId);
      setText(title, said.title);
      setText(why, said.what);
      setText(advice, said.advice ?? '');
      advice.hidden = said.advice === null;
      panel.dataset['fault'] = String(call.end?.reason === 'failed');
      const rows: (readonly [string, string])[] = [[summary.with, peerName(call)]];
      if (talkedMs > 0) rows.push([summary.talked, formatLength(talkedMs, words)]);
      if (roundTripMs !== null) {
        rows.push([words.quality.roundTrip, formatRoundTrip(roundTripMs, words)]);
      }
      if (lossPercent !== null) rows.push([words.quality.loss, formatLoss(lossPercent, words)]);
      facts.replaceChildren(
        ...rows.map(([name, value]) =>
          element('div', { class: 'fact' }, element('dt', {}, name), element('dd', {}, value)),
        ),
      );
    },
  };
}
