import type { ConnectionView } from '../app.ts';
import { element, setText } from '../element.ts';
import { nameOf } from '../format.ts';
import { button } from './buttons.ts';
import { icon } from './icons.ts';
import { brandMark } from './ring.ts';

export interface ShellState {
  readonly userId: string | null;
  readonly connection: ConnectionView | null;
  /** True while a call runs: the header then keeps out of the way. */
  readonly isInCall: boolean;
}

/** What the header says of the server, and what the notice says when it is away. */
function connectionInWords(connection: ConnectionView): { label: string; notice: string | null } {
  switch (connection.state) {
    case 'ready':
      return { label: 'Online', notice: null };
    case 'connecting':
      return { label: 'Connecting', notice: null };
    case 'reconnecting':
      return {
        label: 'Offline',
        notice: 'The server does not answer. This page keeps trying; a call that runs goes on.',
      };
    case 'closed':
      return { label: 'Offline', notice: closedInWords(connection.code) };
  }
}

function closedInWords(code: string | null): string {
  if (code === 'unauthorized') return 'The server no longer accepts this sign-in. Reload the page.';
  if (code === null) return 'You are signed out. Reload the page to come back.';
  return `The server ended this connection (${code}). Reload the page to come back.`;
}

/** What surrounds every screen: the brand, who is signed in, and how the server is. */
export function createShell(options: { readonly onSignOut: () => void }): {
  readonly element: HTMLElement;
  readonly main: HTMLElement;
  update(state: ShellState): void;
  /** Says something to screen readers. */
  announce(text: string): void;
} {
  const dot = element('span', { class: 'dot', 'aria-hidden': 'true' });
  const status = element('span', { class: 'soft' });
  const who = element('strong');
  const leave = button('Sign out', { kind: 'quiet', onPress: options.onSignOut });
  const account = element(
    'div',
    { class: 'account' },
    element('span', { class: 'account-who' }, dot, who, status),
    leave,
  );
  const noticeText = element('span');
  const notice = element('p', { class: 'notice', role: 'status' }, icon('warning'), noticeText);
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
    main,
    live,
  );
  return {
    element: root,
    main,
    update({ userId, connection, isInCall }) {
      account.hidden = userId === null || connection === null;
      leave.hidden = isInCall;
      root.dataset['call'] = String(isInCall);
      if (userId === null || connection === null) {
        notice.hidden = true;
        return;
      }
      const words = connectionInWords(connection);
      setText(who, nameOf(userId));
      setText(status, words.label);
      dot.dataset['state'] = connection.state;
      notice.hidden = words.notice === null;
      setText(noticeText, words.notice ?? '');
    },
    announce: (text) => setText(live, text),
  };
}
