import type { Call, Devices } from '@ringfence/phone';
import { element, setText } from '../element.ts';
import { refusalInWords } from '../words.ts';
import type { Words } from '../words.ts';
import { createSheet } from './sheet.ts';
import type { Sheet } from './sheet.ts';

/** One that can be chosen. */
interface Choice {
  readonly id: string;
  readonly label: string;
}

/** A field that chooses one of some devices. */
interface Picker {
  readonly element: HTMLElement;
  show(choices: readonly Choice[], selected: string): void;
}

function createPicker(options: {
  readonly id: string;
  readonly label: string;
  readonly words: Words;
  /** What stands first, for no choice. */
  readonly first?: string;
  readonly onChoose: (id: string) => void;
}): Picker {
  const { id, label, words, first } = options;
  const select = element('select', { id, class: 'field' });
  select.addEventListener('change', () => options.onChoose(select.value));
  return {
    element: element(
      'div',
      { class: 'pick' },
      element('label', { for: id, class: 'label' }, label),
      select,
    ),
    show(choices, selected) {
      const shown = choices.map(({ id: value, label: name }, index) =>
        element('option', { value }, name || words.devices.unnamed(label, index + 1)),
      );
      if (first !== undefined) shown.unshift(element('option', { value: '' }, first));
      if (shown.length === 0) shown.push(element('option', { value: '' }, words.devices.none));
      select.replaceChildren(...shown);
      select.disabled = choices.length === 0;
      select.value = selected;
    },
  };
}

/** The devices of this page, where the large call is heard, and where it rings. Live at once. */
export function createDevicesSheet(
  words: Words,
  ringer: {
    readonly output: () => string;
    readonly setOutput: (deviceId: string) => Promise<void>;
  },
): Sheet & { update(devices: Devices | null, call: Call | null): void } {
  let devices: Devices | null = null;
  let call: Call | null = null;
  let stop: (() => void) | null = null;
  const sheet = createSheet(words, {
    id: 'devices',
    title: words.devices.title,
    onOpen: () => {
      tell(null);
      void refresh();
    },
  });
  const problem = element('p', { class: 'problem', role: 'alert', hidden: true });
  const tell = (text: string | null): void => {
    setText(problem, text ?? '');
    problem.hidden = text === null;
  };
  /** Does what was chosen; what the browser refuses is said, and the field goes back. */
  const choose = async (change: Promise<unknown> | undefined): Promise<void> => {
    try {
      await change;
      tell(null);
    } catch (error) {
      tell(refusalInWords(words, { error }));
    }
    await refresh();
  };
  const microphone = createPicker({
    id: 'microphone',
    label: words.devices.microphone,
    words,
    onChoose: (id) => void choose(devices?.select({ microphone: id })),
  });
  const camera = createPicker({
    id: 'camera',
    label: words.devices.camera,
    words,
    onChoose: (id) => void choose(devices?.select({ camera: id })),
  });
  const output = createPicker({
    id: 'output',
    label: words.devices.output,
    words,
    onChoose: (id) => void choose(devices?.select({ output: id })),
  });
  const callOutput = createPicker({
    id: 'call-output',
    label: words.devices.callOutput,
    words,
    first: words.devices.asPage,
    onChoose: (id) => void choose(call?.setAudioOutput(id)),
  });

  const ringOutput = createPicker({
    id: 'ring-output',
    label: words.devices.ringOutput,
    words,
    first: words.devices.systemDefault,
    onChoose: (id) => void choose(ringer.setOutput(id)),
  });

  async function refresh(): Promise<void> {
    if (devices === null || !sheet.isOpen) return;
    const { selected } = devices;
    const { microphones, cameras, outputs } = await devices.list();
    microphone.show(microphones, chosen(microphones, selected.microphone));
    camera.show(cameras, chosen(cameras, selected.camera));
    output.show(outputs, chosen(outputs, selected.output));
    callOutput.show(outputs, call?.audioOutput ?? '');
    callOutput.element.hidden = call === null;
    ringOutput.show(outputs, ringer.output());
  }

  sheet.body.append(
    element('p', { class: 'hint' }, words.devices.hint),
    microphone.element,
    camera.element,
    output.element,
    callOutput.element,
    ringOutput.element,
    problem,
  );
  return Object.assign(sheet, {
    update(next: Devices | null, nextCall: Call | null) {
      call = nextCall;
      if (next === devices) return;
      stop?.();
      devices = next;
      stop = next?.on('devices.changed', () => void refresh()) ?? null;
    },
  });
}

/** The one in use: the one chosen, else the browser's default. */
function chosen(
  choices: readonly (Choice & { readonly isDefault: boolean })[],
  selected: string,
): string {
  const found =
    choices.find(({ id }) => id === selected) ??
    choices.find(({ isDefault }) => isDefault) ??
    choices[0];
  return found?.id ?? '';
}
