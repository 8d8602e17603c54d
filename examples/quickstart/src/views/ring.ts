import { element } from '../element.ts';
import { initialsOf } from '../format.ts';

/**
 * What the ring around a person says, without words:
 *
 *   seeking  open posts that turn: the call looks for its other end
 *   ringing  waves that go out: it rings
 *   closed   one closed ring: the two are connected
 *   held     closed and pale: the call waits
 *   broken   a ring with a gap: the connection is lost and comes back
 */
export type RingState = 'seeking' | 'ringing' | 'closed' | 'held' | 'broken';

/** Waves and fence move as whole elements: the browser then moves a layer and redraws nothing. */
export function createRing(): {
  element: HTMLElement;
  show(userId: string, state: RingState): void;
} {
  const fence = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  fence.setAttribute('viewBox', '0 0 200 200');
  fence.setAttribute('class', 'fence');
  fence.innerHTML = '<circle cx="100" cy="100" r="70" pathLength="120"/>';
  const waves = [1, 2, 3].map((index) => element('span', { class: `wave wave-${index}` }));
  const initials = element('span', { class: 'ring-initials' });
  const root = element('div', { class: 'ring', 'aria-hidden': 'true' }, ...waves, fence, initials);
  return {
    element: root,
    show(userId, state) {
      if (root.dataset['user'] !== userId) initials.textContent = initialsOf(userId);
      root.dataset['user'] = userId;
      if (root.dataset['state'] !== state) root.dataset['state'] = state;
    },
  };
}

/** The mark of the product: a fence that is a ring. */
export function brandMark(): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 32 32');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', 'brand-mark');
  svg.innerHTML =
    '<circle class="brand-fence" cx="16" cy="16" r="12"/><circle class="brand-heart" cx="16" cy="16" r="4.5"/>';
  return svg;
}
