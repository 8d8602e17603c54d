import type { Refusal } from '../app.ts';
import { element, setText } from '../element.ts';
import { formatLength, initialsOf, nameOf } from '../format.ts';
import type { PastCall } from '../lines.ts';
import { endInWords, peerName, refusalInWords } from '../words.ts';
import type { Words } from '../words.ts';
import { button } from './buttons.ts';
import { icon } from './icons.ts';
import { nameField } from './sheet.ts';
import type { View } from './view.ts';

export interface HomeState {
  readonly userId: string;
  readonly history: readonly PastCall[];
  /** Why the last dial was not even tried. */
  readonly problem: Refusal | null;
  /** False while the server is away: dialing waits. */
  readonly isReady: boolean;
  /** True while no call rings, because the user said so. */
  readonly isQuiet: boolean;
  /** True when the browser hands out no microphone, because the page came without HTTPS. */
  readonly isInsecure: boolean;
}

type Dial = (name: string, media: { video: boolean }) => void;

/** A name for the second tab, other than one's own. */
function otherName(userId: string): string {
  return userId === 'bob' ? 'Alice' : 'Bob';
}

/** Whom to call, and what happened before. */
export function createHomeView(words: Words, options: { readonly onDial: Dial }): View<HomeState> {
  const { home } = words;
  const input = nameField('to');
  input.required = true;
  input.setAttribute('aria-describedby', 'to-problem');
  const problemText = element('p', { class: 'problem', id: 'to-problem', role: 'alert' });
  const dial = (isVideo: boolean): void => {
    if (input.value.trim() === '') {
      input.focus();
      return;
    }
    options.onDial(input.value, { video: isVideo });
  };
  const call = button(home.call, { kind: 'primary', icon: 'call', type: 'submit' });
  const videoCall = button(home.videoCall, { icon: 'camera', onPress: () => dial(true) });
  const form = element(
    'form',
    { class: 'panel form', novalidate: true },
    element('label', { for: 'to', class: 'label' }, home.to),
    input,
    problemText,
    element('div', { class: 'row' }, call, videoCall),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    dial(false);
  });
  const title = element('h1', { id: 'home-title', class: 'display' });
  const quiet = element('p', { class: 'notice' }, icon('warning'), element('span', {}, home.quiet));
  const aside = element('div', { class: 'home-aside' });
  const insecure = insecureNotice(words);
  let asideKey = '';

  return {
    element: element(
      'section',
      { class: 'screen home', 'aria-labelledby': 'home-title' },
      element('div', { class: 'home-dial' }, title, insecure, quiet, form),
      aside,
    ),
    focusTarget: input,
    update({ userId, history, problem, isReady, isQuiet, isInsecure }) {
      setText(title, home.title(nameOf(userId)));
      input.placeholder = otherName(userId);
      insecure.hidden = !isInsecure;
      quiet.hidden = !isQuiet;
      setText(problemText, problem === null ? '' : refusalInWords(words, problem));
      problemText.hidden = problem === null;
      input.toggleAttribute('aria-invalid', problem !== null);
      call.disabled = !isReady;
      videoCall.disabled = !isReady;
      const key = `${userId} ${history.map(({ call: { id, end } }) => id + String(end?.reason)).join(' ')}`;
      if (key === asideKey) return;
      asideKey = key;
      aside.replaceChildren(
        history.length === 0 ? secondTab(words, userId) : pastCalls(words, history, options.onDial),
      );
    },
  };
}

function insecureNotice({ home }: Words): HTMLElement {
  const option = '-- --lan';
  const [before, after] = home.insecure('\0').split('\0');
  return element(
    'p',
    { class: 'notice' },
    icon('warning'),
    element('span', {}, before!, element('code', {}, option), after!),
  );
}

/** How to try it alone. */
function secondTab({ home }: Words, userId: string): HTMLElement {
  const name = otherName(userId);
  const link = element(
    'a',
    { class: 'button button-plain', href: `/?name=${name}`, target: '_blank', rel: 'noopener' },
    icon('tab'),
    element('span', {}, home.openTab(name)),
  );
  return element(
    'section',
    { class: 'card', 'aria-labelledby': 'alone-title' },
    element('h2', { id: 'alone-title', class: 'card-title' }, home.aloneTitle),
    element('p', {}, home.alone(name)),
    link,
  );
}

function pastCalls(words: Words, history: readonly PastCall[], onDial: Dial): HTMLElement {
  const { home } = words;
  const list = element('ul', { class: 'past' });
  for (const { call, talkedMs } of history) {
    const name = peerName(call);
    const again = button(home.callName(name), {
      kind: 'quiet',
      icon: call.media.video ? 'camera' : 'call',
      isIconOnly: true,
      onPress: () => onDial(call.peer.userId, { video: call.media.video }),
    });
    list.append(
      element(
        'li',
        { class: 'past-call' },
        element('span', { class: 'avatar', 'aria-hidden': 'true' }, initialsOf(call.peer.userId)),
        element(
          'span',
          { class: 'card-words' },
          element(
            'strong',
            {},
            call.direction === 'incoming' ? home.from(name) : home.toName(name),
          ),
          element(
            'span',
            { class: 'soft' },
            talkedMs > 0
              ? home.talked(formatLength(talkedMs, words))
              : endInWords(words, call).title,
          ),
        ),
        again,
      ),
    );
  }
  return element(
    'section',
    { class: 'card', 'aria-labelledby': 'past-title' },
    element('h2', { id: 'past-title', class: 'card-title' }, home.pastTitle),
    list,
  );
}
