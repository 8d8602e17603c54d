import type { Call } from '@ringfence/phone';
import { element, setText } from '../element.ts';
import { formatDuration } from '../format.ts';
import { peerName, stateWord } from '../words.ts';
import { controlButton } from './buttons.ts';
import { createQualityPanel } from './quality.ts';
import { createStage } from './stage.ts';
import type { View } from './view.ts';

/** The call itself, from dialing to its end. */
export interface CallView extends View<{
  readonly call: Call;
  readonly talkingSince: number | null;
  readonly note: string | null;
}> {
  /** Moves the clock of the call on. */
  tick(): void;
}

export function createCallView(): CallView {
  let call: Call | null = null;
  let since: number | null = null;
  const stage = createStage();
  const quality = createQualityPanel();
  const title = element('h1', { class: 'call-title', id: 'call-title', tabindex: '-1' });
  const word = element('span', { class: 'soft' });
  const clock = element('span', { class: 'clock' });
  const mute = controlButton('plain', () => (call?.muted === true ? call.unmute() : call?.mute()));
  const camera = controlButton('plain', () => call?.setCamera(!call.camera));
  const hold = controlButton('plain', () => (isHeldHere(call) ? call?.resume() : call?.hold()));
  const hangUp = controlButton('danger', () => call?.hangUp());
  const cancelHint = element('p', { class: 'hint keys' }, element('kbd', {}, 'Esc'), ' cancels');
  const controls = element(
    'div',
    { class: 'controls', role: 'group', 'aria-label': 'Call controls' },
    mute.element,
    camera.element,
    hold.element,
    hangUp.element,
  );
  return {
    element: element(
      'section',
      { class: 'screen call', 'aria-labelledby': 'call-title' },
      element(
        'header',
        { class: 'call-header' },
        title,
        element('p', { class: 'call-state' }, word, clock),
      ),
      stage.element,
      controls,
      cancelHint,
      quality.element,
    ),
    focusTarget: title,
    update({ call: next, talkingSince, note }) {
      call = next;
      since = talkingSince;
      const isTalking = next.state === 'active' || next.state === 'reconnecting';
      const isEarly = next.answeredAt === null && next.direction === 'outgoing';
      setText(title, `Call with ${peerName(next)}`);
      setText(word, stateWord(next));
      stage.update(next, note);
      mute.show({
        label: next.muted ? 'Unmute' : 'Mute',
        icon: next.muted ? 'microphone-off' : 'microphone',
        isOn: next.muted,
        isDisabled: !isTalking,
      });
      camera.show({
        label: next.camera ? 'Camera off' : 'Camera on',
        icon: next.camera ? 'camera' : 'camera-off',
        isOn: next.camera,
        isDisabled: !isTalking,
      });
      hold.show({
        label: isHeldHere(next) ? 'Resume' : 'Hold',
        icon: isHeldHere(next) ? 'resume' : 'hold',
        isOn: isHeldHere(next),
        isDisabled: !isTalking,
      });
      hangUp.show({ label: isEarly ? 'Cancel' : 'Hang up', icon: 'hang-up' });
      cancelHint.hidden = !isEarly;
      quality.element.hidden = !isTalking;
      quality.update(next.quality);
    },
    tick() {
      setText(clock, since === null ? '' : formatDuration(performance.now() - since));
    },
  };
}

function isHeldHere(call: Call | null): boolean {
  return call?.holding === 'local' || call?.holding === 'both';
}
