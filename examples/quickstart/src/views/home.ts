import type { PastCall } from '../app.ts';
import { element, setText } from '../element.ts';
import { formatLength, initialsOf, nameOf } from '../format.ts';
import { endInWords, peerName } from '../words.ts';
import { button } from './buttons.ts';
import { icon } from './icons.ts';
import type { View } from './view.ts';

export interface HomeState {
  readonly userId: string;
  readonly history: readonly PastCall[];
  /** Why the last dial was not even tried. */
  readonly problem: string | null;
  /** False while the server is away: dialing waits. */
  readonly isReady: boolean;
  /** True when the browser hands out no microphone, because the page came without HTTPS. */
  readonly isInsecure: boolean;
}

/** A name for the second tab, other than one's own. */
function otherName(userId: string): string {
  return userId === 'bob' ? 'Alice' : 'Bob';
}

/** Whom to call, and what happened before. */
export function createHomeView(options: {
  readonly onDial: (name: string, media: { video: boolean }) => void;
}): View<HomeState> {
  const input = element('input', {
    id: 'to',
    name: 'to',
    class: 'field',
    autocomplete: 'off',
    autocapitalize: 'words',
    spellcheck: 'false',
    maxlength: '40',
    required: true,
    'aria-describedby': 'to-problem',
  });
  const problemText = element('p', { class: 'problem', id: 'to-problem', role: 'alert' });
  const dial = (isVideo: boolean): void => {
    if (input.value.trim() === '') {
      input.focus();
      return;
    }
    options.onDial(input.value, { video: isVideo });
  };
  const call = button('Call', { kind: 'primary', icon: 'call', type: 'submit' });
  const videoCall = button('Video call', { icon: 'camera', onPress: () => dial(true) });
  const form = element(
    'form',
    { class: 'panel form', novalidate: true },
    element('label', { for: 'to', class: 'label' }, 'Name to call'),
    input,
    problemText,
    element('div', { class: 'row' }, call, videoCall),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    dial(false);
  });
  const title = element('h1', { id: 'home-title', class: 'display' });
  const insecure = element(
    'p',
    { class: 'notice' },
    icon('warning'),
    element(
      'span',
      {},
      'This page came without HTTPS, so the browser gives it no microphone. Start the demo with ',
      element('code', {}, '-- --lan'),
      ' and open the address it prints.',
    ),
  );
  const aside = element('div', { class: 'home-aside' });
  let asideKey = '';

  return {
    element: element(
      'section',
      { class: 'screen home', 'aria-labelledby': 'home-title' },
      element('div', { class: 'home-dial' }, title, insecure, form),
      aside,
    ),
    focusTarget: input,
    update({ userId, history, problem, isReady, isInsecure }) {
      setText(title, `Hello ${nameOf(userId)}. Whom do you want to call?`);
      input.placeholder = otherName(userId);
      insecure.hidden = !isInsecure;
      setText(problemText, problem ?? '');
      problemText.hidden = problem === null;
      input.toggleAttribute('aria-invalid', problem !== null);
      call.disabled = !isReady;
      videoCall.disabled = !isReady;
      const key = `${userId} ${history.map(({ call: { id, end } }) => id + String(end?.reason)).join(' ')}`;
      if (key === asideKey) return;
      asideKey = key;
      aside.replaceChildren(
        history.length === 0 ? secondTab(userId) : pastCalls(history, options.onDial),
      );
    },
  };
}

/** How to try it alone. */
function secondTab(userId: string): HTMLElement {
  const name = otherName(userId);
  const link = element(
    'a',
    { class: 'button button-plain', href: `/?name=${name}`, target: '_blank', rel: 'noopener' },
    icon('tab'),
    element('span', {}, `Open a tab for ${name}`),
  );
  return element(
    'section',
    { class: 'card', 'aria-labelledby': 'alone-title' },
    element('h2', { id: 'alone-title', class: 'card-title' }, 'Nobody to call?'),
    element(
      'p',
      {},
      `Be both ends yourself. Open a second tab as ${name}, come back here, and call ${name}.`,
    ),
    link,
  );
}

function pastCalls(
  history: readonly PastCall[],
  onDial: (name: string, media: { video: boolean }) => void,
): HTMLElement {
  const list = element('ul', { class: 'past' });
  for (const { call, talkedMs } of history) {
    const name = peerName(call);
    const way = call.direction === 'incoming' ? 'From' : 'To';
    const again = button(`Call ${name}`, {
      kind: 'quiet',
      icon: call.media.video ? 'camera' : 'call',
      onPress: () => onDial(call.peer.userId, { video: call.media.video }),
    });
    again.classList.add('icon-only');
    list.append(
      element(
        'li',
        { class: 'past-call' },
        element('span', { class: 'avatar', 'aria-hidden': 'true' }, initialsOf(call.peer.userId)),
        element(
          'span',
          { class: 'past-words' },
          element('strong', {}, `${way} ${name}`),
          element(
            'span',
            { class: 'soft' },
            talkedMs > 0 ? `Talked ${formatLength(talkedMs)}` : endInWords(call).title,
          ),
        ),
        again,
      ),
    );
  }
  return element(
    'section',
    { class: 'card', 'aria-labelledby': 'past-title' },
    element('h2', { id: 'past-title', class: 'card-title' }, 'Calls of this tab'),
    list,
  );
}
