import type { Call } from '@ringfence/phone';
import { element, setText } from '../element.ts';
import { callerInWords } from '../words.ts';
import type { Words } from '../words.ts';
import { createBanners } from './banners.ts';
import { controlButton } from './buttons.ts';
import { createRing } from './ring.ts';
import type { View } from './view.ts';

/** Somebody calls: take it or not. Who calls meanwhile is shown small. */
export function createIncomingView(words: Words): View<{
  readonly call: Call;
  readonly others: readonly Call[];
}> {
  const { incoming } = words;
  let call: Call | null = null;
  const ring = createRing();
  const title = element('h1', { id: 'incoming-title', class: 'display' });
  const about = element('p', { class: 'lead' });
  const withVideo = controlButton('accept', () => call?.accept({ audio: true, video: true }));
  const withAudio = controlButton('accept', () => call?.accept({ audio: true, video: false }));
  const decline = controlButton('danger', () => call?.decline());
  const banners = createBanners(words);
  withVideo.show({ label: incoming.acceptVideo, icon: 'camera' });
  decline.show({ label: incoming.decline, icon: 'hang-up' });
  // The screen itself takes the focus, not a button: a key meant for the form that was here a
  // moment ago must answer no call.
  const screen = element(
    'section',
    { class: 'screen incoming', tabindex: '-1', 'aria-labelledby': 'incoming-title' },
    ring.element,
    element('div', { class: 'incoming-words' }, title, about),
    element('div', { class: 'controls' }, withVideo.element, withAudio.element, decline.element),
    element('p', { class: 'hint keys' }, element('kbd', {}, 'Esc'), ` ${incoming.escape}`),
    banners.element,
  );
  return {
    element: screen,
    focusTarget: screen,
    update({ call: next, others }) {
      call = next;
      const caller = callerInWords(words, next);
      ring.show(next.peer.userId, 'ringing');
      setText(title, caller.title);
      setText(about, caller.about);
      withVideo.element.hidden = !next.media.video;
      withAudio.show({
        label: next.media.video ? incoming.acceptAudio : incoming.accept,
        icon: 'call',
      });
      banners.update(others, null);
    },
  };
}
