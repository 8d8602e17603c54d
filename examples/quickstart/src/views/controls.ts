import type { Call } from '@ringfence/phone';
import { element } from '../element.ts';
import { isHeldHere } from '../lines.ts';
import { isRoom } from '../words.ts';
import type { Words } from '../words.ts';
import { controlButton } from './buttons.ts';

type Opens = { readonly element: HTMLElement };

/** The round buttons under the large call. */
export function createControls(
  words: Words,
  sheets: {
    readonly keypad: Opens;
    readonly people: Opens;
    readonly transfer: Opens;
    readonly devices: Opens;
  },
  options: { readonly onResume: (call: Call) => void },
): { readonly element: HTMLElement; update(call: Call): void } {
  const { call: said } = words;
  let call: Call | null = null;
  const mute = controlButton('plain', () => (call?.muted === true ? call.unmute() : call?.mute()));
  const camera = controlButton('plain', () => call?.setCamera(!call.camera));
  const hold = controlButton('plain', () => {
    if (call === null) return;
    if (isHeldHere(call)) options.onResume(call);
    else call.hold();
  });
  const keypad = controlButton('plain', sheets.keypad);
  const people = controlButton('plain', sheets.people);
  const transfer = controlButton('plain', sheets.transfer);
  const devices = controlButton('plain', sheets.devices);
  const hangUp = controlButton('danger', () => call?.hangUp());
  const all = [mute, camera, hold, keypad, people, transfer, devices, hangUp];
  return {
    element: element(
      'div',
      { class: 'controls call-controls', role: 'group', 'aria-label': said.controls },
      ...all.map((control) => control.element),
    ),
    update(next) {
      call = next;
      const isTalking = next.state === 'active' || next.state === 'reconnecting';
      const isAnswered = next.answeredAt !== null;
      const isHeld = isHeldHere(next);
      mute.show({
        label: next.muted ? said.unmute : said.mute,
        icon: next.muted ? 'microphone-off' : 'microphone',
        isOn: next.muted,
        isDisabled: !isTalking,
      });
      camera.show({
        label: next.camera ? said.cameraOff : said.cameraOn,
        icon: next.camera ? 'camera' : 'camera-off',
        isOn: next.camera,
        isDisabled: !isTalking,
      });
      hold.show({
        label: isHeld ? said.resume : said.hold,
        icon: isHeld ? 'resume' : 'hold',
        isOn: isHeld,
        isDisabled: !isTalking,
      });
      keypad.show({ label: said.keypad, icon: 'keypad', isDisabled: next.state !== 'active' });
      people.show({ label: said.people, icon: 'people', isDisabled: !isAnswered });
      transfer.show({
        label: said.transfer,
        icon: 'transfer',
        isDisabled: next.state !== 'active' || !next.may('transfer'),
      });
      devices.show({ label: said.devices, icon: 'sound' });
      const isEarly = !isAnswered && next.direction === 'outgoing';
      const ending = isRoom(next) ? said.leave : said.hangUp;
      hangUp.show({ label: isEarly ? said.cancel : ending, icon: 'hang-up' });
    },
  };
}
