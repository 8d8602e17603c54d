import { element, setText } from '../element.ts';
import { button } from './buttons.ts';
import { brandMark } from './ring.ts';
import type { View } from './view.ts';

export interface WelcomeState {
  readonly isBusy: boolean;
  readonly problem: string | null;
}

/** The first screen: who are you? */
export function createWelcomeView(options: {
  readonly suggestion: string;
  readonly onSignIn: (name: string) => void;
}): View<WelcomeState> {
  const input = element('input', {
    id: 'name',
    name: 'name',
    class: 'field',
    autocomplete: 'nickname',
    autocapitalize: 'words',
    spellcheck: 'false',
    maxlength: '40',
    required: true,
    placeholder: 'Alice',
    'aria-describedby': 'name-hint name-problem',
    value: options.suggestion,
  });
  const submit = button('Continue', { kind: 'primary', icon: 'arrow', type: 'submit' });
  const problem = element('p', { class: 'problem', id: 'name-problem', role: 'alert' });
  const form = element(
    'form',
    { class: 'panel form', novalidate: true },
    element('label', { for: 'name', class: 'label' }, 'Your name'),
    input,
    element(
      'p',
      { class: 'hint', id: 'name-hint' },
      'Others call you by this name. It is kept for this tab alone.',
    ),
    problem,
    submit,
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    options.onSignIn(input.value);
  });
  return {
    element: element(
      'section',
      { class: 'screen welcome', 'aria-labelledby': 'welcome-title' },
      element(
        'div',
        { class: 'welcome-words' },
        brandMark(),
        element('h1', { id: 'welcome-title', class: 'display' }, 'A call between two tabs.'),
        element(
          'p',
          { class: 'lead' },
          'Sound and picture, straight from browser to browser. Pick a name to begin.',
        ),
      ),
      form,
    ),
    focusTarget: input,
    update(state) {
      setText(problem, state.problem ?? '');
      problem.hidden = state.problem === null;
      input.toggleAttribute('aria-invalid', state.problem !== null);
      submit.disabled = state.isBusy;
      form.setAttribute('aria-busy', String(state.isBusy));
    },
  };
}
