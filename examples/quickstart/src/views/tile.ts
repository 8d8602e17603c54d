import { element, setText } from '../element.ts';
import { icon } from './icons.ts';
import { createRing } from './ring.ts';
import type { RingState } from './ring.ts';

/** What is seen of one person of a call. */
export interface Person {
  readonly userId: string;
  readonly name: string;
  /** The picture to show; null while there is none, or it is not to be seen. */
  readonly stream: MediaStream | null;
  /** What the picture is called for those who do not see it. */
  readonly pictureLabel: string;
  readonly ring: RingState;
  /** What they do, in words; empty when they simply talk. */
  readonly words: string;
  /** Told as a chip; null when they are not muted. */
  readonly muted: string | null;
  /** True for one's own picture, shown as in a mirror. */
  readonly isMirror?: boolean;
}

/** A person on the stage: the picture, or the ring and the name where there is none. */
export function createTile(): { readonly element: HTMLElement; update(person: Person): void } {
  const video = element('video', { class: 'picture', autoplay: true, playsinline: true });
  // The phone plays the sound of a call. The attribute alone does not mute an element made by script.
  video.muted = true;
  const ring = createRing();
  const name = element('p', { class: 'tile-name' });
  const words = element('p', { class: 'tile-words' });
  const caption = element('p', { class: 'caption' });
  const chip = element('p', { class: 'chip' }, icon('microphone-off'), element('span'));
  const root = element(
    'div',
    { class: 'person' },
    video,
    element('div', { class: 'person-words' }, ring.element, name, words),
    caption,
    chip,
  );
  return {
    element: root,
    update(person) {
      const hasPicture = person.stream !== null && person.stream.getVideoTracks().length > 0;
      if (video.srcObject !== person.stream) video.srcObject = person.stream;
      video.setAttribute('aria-label', person.pictureLabel);
      root.dataset['picture'] = String(hasPicture);
      root.dataset['mirror'] = String(person.isMirror === true);
      ring.show(person.userId, person.ring);
      setText(name, person.name);
      setText(words, person.words);
      setText(caption, person.name);
      chip.hidden = person.muted === null;
      setText(chip.lastElementChild as HTMLElement, person.muted ?? '');
    },
  };
}
