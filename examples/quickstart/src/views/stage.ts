import type { Call } from '@ringfence/phone';
import { element, setText } from '../element.ts';
import { heldInWords, peerName, stateInWords } from '../words.ts';
import { button } from './buttons.ts';
import { icon } from './icons.ts';
import { createRing } from './ring.ts';
import type { RingState } from './ring.ts';

function ringOf(call: Call): RingState {
  if (call.state === 'ringing') return 'ringing';
  if (call.state === 'reconnecting') return 'broken';
  if (call.state !== 'active') return 'seeking';
  return call.holding === 'none' ? 'closed' : 'held';
}

const hasVideo = (stream: MediaStream | null): boolean =>
  stream !== null && stream.getVideoTracks().length > 0;

function attach(video: HTMLVideoElement, stream: MediaStream | null): boolean {
  if (video.srcObject === stream) return false;
  video.srcObject = stream;
  return stream !== null;
}

/** The picture of the other side, large, and one's own, small; the ring where there is none. */
export function createStage(): {
  readonly element: HTMLElement;
  update(call: Call, note: string | null): void;
} {
  const remote = element('video', { class: 'remote', autoplay: true, playsinline: true });
  const local = element('video', { class: 'local', autoplay: true, playsinline: true });
  // A preview that sounds would echo. The attribute alone does not mute an element made by script.
  local.muted = true;
  remote.setAttribute('aria-label', 'Picture of the other side');
  local.setAttribute('aria-label', 'Your own picture');
  const ring = createRing();
  const name = element('p', { class: 'stage-name' });
  const words = element('p', { class: 'stage-words' });
  const peerMuted = element('p', { class: 'chip' }, icon('microphone-off'), element('span'));
  const noteText = element('span');
  const noteBox = element('p', { class: 'stage-note', role: 'status' }, icon('warning'), noteText);
  const unblock = button('Turn the sound on', { icon: 'sound', onPress: () => play() });
  unblock.classList.add('unblock');
  unblock.hidden = true;
  const root = element(
    'div',
    { class: 'stage' },
    remote,
    element('div', { class: 'stage-person' }, ring.element, name, words),
    peerMuted,
    local,
    noteBox,
    unblock,
  );

  // A browser may refuse sound until the user has touched the page; then a touch is asked for.
  const play = (): void => {
    remote.play().then(
      () => (unblock.hidden = true),
      (thrown: unknown) => {
        unblock.hidden = !(thrown instanceof DOMException && thrown.name === 'NotAllowedError');
      },
    );
  };

  return {
    element: root,
    update(call, note) {
      const isTalking = call.state === 'active' || call.state === 'reconnecting';
      if (attach(remote, call.remoteStream)) play();
      attach(local, call.localStream);
      const isHeld = call.holding !== 'none';
      root.dataset['remote'] = String(
        call.state === 'active' && call.peerCamera && !isHeld && hasVideo(call.remoteStream),
      );
      const isPreviewShown = call.camera && hasVideo(call.localStream);
      local.hidden = !isPreviewShown;
      local.dataset['paused'] = String(isHeld);
      ring.show(call.peer.userId, ringOf(call));
      setText(name, peerName(call));
      setText(words, isTalking && !isHeld && call.state === 'active' ? '' : stateInWords(call));
      peerMuted.hidden = !(isTalking && call.peerMuted && heldInWords(call) === null);
      noteBox.hidden = note === null;
      setText(noteText, note ?? '');
      setText(peerMuted.lastElementChild as HTMLElement, `${peerName(call)} is muted`);
    },
  };
}
