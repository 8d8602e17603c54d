import type { ConnectionView } from '../app.ts';
import { element, setText } from '../element.ts';
import { nameOf } from '../format.ts';
import type { Words } from '../words.ts';
import { button } from './buttons.ts';
import { icon } from './icons.ts';
import { brandMark } from './ring.ts';

export interface ShellState {
  readonly userId: string | null;
  readonly connection: ConnectionView | null;
  readonly isQuiet: boolean;
  /** True while the browser lets the page make no sound. */
  readonly isSilenced: boolean;
  /** True while a call runs: the header then keeps out of the way. */
  readonly isInCall: boolean;
}

/** What the header says of the server, and what the notice says when it is away. */
function connectionInWords(
  { shell }: Words,
  connection: ConnectionView,
): { label: string; notice: string | null } {
  switch (connection.state) {
    case 'ready':
      return { label: shell.online, notice: null };
    case 'connecting':
      return { label: shell.connecting, notice: null };
    case 'reconnecting':
      return { label: shell.offline, notice: shell.serverAway };
    case 'closed':
      return { label: shell.offline, notice: closedInWords(shell, connection.code) };
  }
}

function closedInWords(shell: Words['shell'], code: string | null): string {
  if (code === 'unauthorized') return shell.unauthorized;
  return code === null ? shell.signedOut : shell.endedBy(code);
}

/** What surrounds every screen: the brand, who is signed in, and how the server is. */
export function createShell(
  words: Words,
  options: {
    readonly settingsSheet: { readonly element: HTMLElement };
    readonly devicesSheet: { readonly element: HTMLElement };
    readonly onUnlock: () => void;
  },
): {
  readonly element: HTMLElement;
  readonly main: HTMLElement;
  update(state: ShellState): void;
  /** Says something to screen readers. */
  announce(text: string): void;
} {
  const { shell } = words;
  const opener = (
    label: string,
    name: 'settings' | 'sound',
    sheet: { readonly element: HTMLElement },
  ): HTMLButtonElement => {
    const made = button(label, { kind: 'quiet', icon: name, isIconOnly: true });
    made.setAttribute('popovertarget', sheet.element.id);
    return made;
  };
  const dot = element('span', { class: 'dot', 'aria-hidden': 'true' });
  const status = element('span', { class: 'soft' });
  const who = element('strong');
  const devices = opener(shell.devices, 'sound', options.devicesSheet);
  const settings = opener(shell.settings, 'settings', options.settingsSheet);
  const account = element(
    'div',
    { class: 'account' },
    element('span', { class: 'account-who' }, dot, who, status),
    devices,
    settings,
  );
  const noticeText = element('span');
  const notice = element('p', { class: 'notice', role: 'status' }, icon('warning'), noticeText);
  const silenced = element(
    'div',
    { class: 'notice silenced', role: 'status' },
    icon('sound'),
    element('span', {}, shell.silenced),
    button(shell.unlock, { kind: 'primary', onPress: options.onUnlock }),
  );
  const live = element('p', { class: 'unseen', 'aria-live': 'polite', 'aria-atomic': 'true' });
  const main = element('main', { class: 'main' });
  const root = element(
    'div',
    { class: 'shell' },
    element(
      'header',
      { class: 'top' },
      element('div', { class: 'brand' }, brandMark(), element('span', {}, 'Ringfence')),
      account,
    ),
    notice,
    silenced,
    main,
    options.settingsSheet.element,
    options.devicesSheet.element,
    live,
  );
  return {
    element: root,
    main,
    update({ userId, connection, isQuiet, isSilenced, isInCall }) {
      account.hidden = userId === null || connection === null;
      devices.hidden = isInCall;
      silenced.hidden = !isSilenced;
      root.dataset['call'] = String(isInCall);
      if (userId === null || connection === null) {
        notice.hidden = true;
        return;
      }
      const said = connectionInWords(words, connection);
      const isAway = isQuiet && connection.state === 'ready';
      setText(who, nameOf(userId));
      setText(status, isAway ? shell.doNotDisturb : said.label);
      dot.dataset['state'] = isAway ? 'quiet' : connection.state;
      notice.hidden = said.notice === null;
      setText(noticeText, said.notice ?? '');
    },
    announce: (text) => setText(live, text),
  };
}
