import type { PastCall } from '../app.ts';
import { element, setText } from '../element.ts';
import { formatLength, formatLoss, formatRoundTrip, initialsOf } from '../format.ts';
import { endInWords, peerName } from '../words.ts';
import { button } from './buttons.ts';
import type { View } from './view.ts';

/** What the call was: with whom, how long, why it ended, what can be done. */
export function createSummaryView(options: {
  readonly onDial: (name: string, media: { video: boolean }) => void;
  readonly onDone: () => void;
}): View<PastCall> {
  let past: PastCall | null = null;
  const avatar = element('span', { class: 'avatar avatar-large', 'aria-hidden': 'true' });
  const title = element('h1', { id: 'summary-title', class: 'display', tabindex: '-1' });
  const why = element('p', { class: 'lead', id: 'summary-why' });
  const advice = element('p', { class: 'advice', id: 'summary-advice' });
  const facts = element('dl', { class: 'facts' });
  const again = button('Call again', {
    kind: 'primary',
    icon: 'call',
    onPress: () => past && options.onDial(past.call.peer.userId, { video: past.call.media.video }),
  });
  const done = button('Done', { onPress: options.onDone });
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
      const words = endInWords(call);
      avatar.textContent = initialsOf(call.peer.userId);
      setText(title, words.title);
      setText(why, words.why);
      setText(advice, words.advice ?? '');
      advice.hidden = words.advice === null;
      panel.dataset['fault'] = String(words.isFault);
      const rows: (readonly [string, string])[] = [['With', peerName(call)]];
      if (talkedMs > 0) rows.push(['Talked', formatLength(talkedMs)]);
      if (roundTripMs !== null) rows.push(['Round trip', formatRoundTrip(roundTripMs)]);
      if (lossPercent !== null) rows.push(['Loss', formatLoss(lossPercent)]);
      facts.replaceChildren(
        ...rows.map(([name, value]) =>
          element('div', { class: 'fact' }, element('dt', {}, name), element('dd', {}, value)),
        ),
      );
    },
  };
}
