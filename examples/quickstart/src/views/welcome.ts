import type { Screen } from '../app.ts';
import { element, setText } from '../element.ts';
import type { Words } from '../words.ts';
import { button } from './buttons.ts';
import { languageButton } from './language.ts';
import { brandMark } from './ring.ts';
import type { View } from './view.ts';

/** The first screen: who are you? */
export function createWelcomeView(
  words: Words,
  options: {
    readonly suggestion: string;
    readonly onSignIn: (name: string) => void;
    readonly onLanguage: (language: Words['language']) => void;
  },
): View<Extract<Screen, { name: 'welcome' }>> {
  const { welcome } = words;
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
  const submit = button(welcome.proceed, { kind: 'primary', icon: 'arrow', type: 'submit' });
  const problem = element('p', { class: 'problem', id: 'name-problem', role: 'alert' });
  const form = element(
    'form',
    { class: 'panel form', novalidate: true },
    element('label', { for: 'name', class: 'label' }, welcome.name),
    input,
    element('p', { class: 'hint', id: 'name-hint' }, welcome.nameHint),
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
        element('h1', { id: 'welcome-title', class: 'display' }, welcome.title),
        element('p', { class: 'lead' }, welcome.lead),
        languageButton(words, options.onLanguage),
      ),
      form,
    ),
    focusTarget: input,
    update(state) {
      setText(problem, state.problem === null ? '' : welcome.problems[state.problem]);
      problem.hidden = state.problem === null;
      input.toggleAttribute('aria-invalid', state.problem !== null);
      submit.disabled = state.isBusy;
      form.setAttribute('aria-busy', String(state.isBusy));
    },
  };
}
