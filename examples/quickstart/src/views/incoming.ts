import type { Call } from '@ringfence/phone';
import { element, setText } from '../element.ts';
import { peerName } from '../words.ts';
import { controlButton } from './buttons.ts';
import { createRing } from './ring.ts';
import type { View } from './view.ts';

/** Somebody calls: take it or not. */
export function createIncomingView(): View<Call> {
  let call: Call | null = null;
  const ring = createRing();
  const title = element('h1', { id: 'incoming-title', class: 'display' });
  const kind = element('p', { class: 'lead' });
  const withVideo = controlButton('accept', () => call?.accept({ audio: true, video: true }));
  const withAudio = controlButton('accept', () => call?.accept({ audio: true, video: false }));
  const decline = controlButton('danger', () => call?.decline());
  withVideo.show({ label: 'Accept with video', icon: 'camera' });
  decline.show({ label: 'Decline', icon: 'hang-up' });
  // The screen itself takes the focus, not a button: a key meant for the form that was here a
  // moment ago must answer no call.
  const screen = element(
    'section',
    { class: 'screen incoming', tabindex: '-1', 'aria-labelledby': 'incoming-title' },
    ring.element,
    element('div', { class: 'incoming-words' }, title, kind),
    element('div', { class: 'controls' }, withVideo.element, withAudio.element, decline.element),
    element('p', { class: 'hint keys' }, element('kbd', {}, 'Esc'), ' declines'),
  );
  return {
    element: screen,
    focusTarget: screen,
    update(next) {
      call = next;
      ring.show(next.peer.userId, 'ringing');
      setText(title, `${peerName(next)} is calling`);
      setText(kind, next.media.video ? 'Video call' : 'Audio call');
      withVideo.element.hidden = !next.media.video;
      withAudio.show({
        label: next.media.video ? 'Accept, sound only' : 'Accept',
        icon: 'call',
      });
    },
  };
}
