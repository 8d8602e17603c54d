import type { Call } from '@ringfence/phone';
import { element, setText } from '../element.ts';
import { initialsOf } from '../format.ts';
import { callerInWords, peerName } from '../words.ts';
import type { Words } from '../words.ts';
import { button } from './buttons.ts';
import { createCards } from './cards.ts';

/** The calls that ring while another has the screen: taken, which holds that one, or not. */
export function createBanners(words: Words): {
  readonly element: HTMLElement;
  /** `heldName` is who goes on hold when one is taken; null when nobody does. */
  update(asking: readonly Call[], heldName: string | null): void;
} {
  const cards = createCards((call: Call) => {
    const avatar = element('span', { class: 'avatar', 'aria-hidden': 'true' });
    const title = element('strong');
    const about = element('span', { class: 'soft' });
    const isVideo = call.media.video;
    const accept = button(words.incoming.accept, {
      kind: 'primary',
      icon: 'call',
      onPress: () => call.accept({ audio: true, video: false }),
    });
    const withVideo = button(words.incoming.withVideo, {
      kind: 'plain',
      icon: 'camera',
      onPress: () => call.accept({ audio: true, video: true }),
    });
    const decline = button(words.incoming.decline, {
      kind: 'danger',
      icon: 'hang-up',
      onPress: () => call.decline(),
    });
    withVideo.hidden = !isVideo;
    return {
      element: element(
        'li',
        { class: 'banner' },
        avatar,
        element('span', { class: 'card-words' }, title, about),
        element('span', { class: 'banner-buttons' }, accept, withVideo, decline),
      ),
      update(heldName: string | null) {
        const caller = callerInWords(words, call);
        setText(avatar, initialsOf(call.peer.userId));
        setText(title, caller.title);
        setText(about, heldName === null ? caller.about : words.incoming.holds(heldName));
        accept.setAttribute('aria-label', words.incoming.acceptName(peerName(call)));
        withVideo.setAttribute('aria-label', words.incoming.acceptVideoName(peerName(call)));
        decline.setAttribute('aria-label', words.incoming.declineName(peerName(call)));
      },
    };
  });
  const list = element('ul', { class: 'banners', 'aria-label': words.incoming.region });
  return {
    element: list,
    update(asking, heldName) {
      list.hidden = asking.length === 0;
      cards.show(list, asking, () => heldName);
    },
  };
}
