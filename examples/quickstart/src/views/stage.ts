import type { Call, ParticipantView } from '@ringfence/phone';
import { element, setText } from '../element.ts';
import { nameOf } from '../format.ts';
import {
  heldInWords,
  isRoom,
  isTransferring,
  othersOf,
  participantWord,
  peerName,
  stateInWords,
} from '../words.ts';
import type { Words } from '../words.ts';
import { icon } from './icons.ts';
import type { RingState } from './ring.ts';
import { createTile } from './tile.ts';
import type { Person } from './tile.ts';

/** The ring around the one other side. */
function ringOfCall(call: Call): RingState {
  if (call.state === 'ringing') return 'ringing';
  if (call.state === 'reconnecting') return 'broken';
  if (call.state !== 'active') return 'seeking';
  return call.holding === 'none' ? 'closed' : 'held';
}

/** The ring around one of several. */
function ringOfParticipant({ state, held }: ParticipantView, isHeldHere: boolean): RingState {
  switch (state) {
    case 'ringing':
    case 'inviting':
      return 'ringing';
    case 'reconnecting':
      return 'broken';
    case 'active':
      return held || isHeldHere ? 'held' : 'closed';
    case 'connecting':
    case 'left':
      return 'seeking';
  }
}

/** What is said over the pictures: who holds, or that the call is being passed on. */
function stageWord(words: Words, call: Call): string | null {
  return isTransferring(call) ? stateInWords(words, call) : heldInWords(words, call);
}

/** The one other side, before and after it is answered. */
function alone(words: Words, call: Call): Person {
  const name = peerName(call);
  const isTalking = call.state === 'active' || call.state === 'reconnecting';
  const isHeld = call.holding !== 'none';
  const isShown = call.state === 'active' && call.peerCamera && !isHeld;
  return {
    userId: call.peer.userId,
    name,
    stream: isShown ? call.remoteStream : null,
    pictureLabel: words.call.picture(name),
    ring: ringOfCall(call),
    words:
      call.state === 'active' && stageWord(words, call) === null ? '' : stateInWords(words, call),
    muted: isTalking && call.peerMuted && !isHeld ? words.call.muted(name) : null,
  };
}

/** One of several others. */
function other(words: Words, call: Call, participant: ParticipantView): Person {
  const name = nameOf(participant.userId);
  const isHeldHere = call.holding === 'local' || call.holding === 'both';
  const isShown =
    participant.state === 'active' && participant.camera && !participant.held && !isHeldHere;
  return {
    userId: participant.userId,
    name,
    stream: isShown ? call.streamOf(participant.id) : null,
    pictureLabel: words.call.picture(name),
    ring: ringOfParticipant(participant, isHeldHere),
    words: participantWord(words, participant) ?? '',
    muted: participant.muted ? words.call.mutedShort : null,
  };
}

/** Oneself among several. */
function self(words: Words, call: Call): Person {
  const isHeldHere = call.holding === 'local' || call.holding === 'both';
  const me = call.participants.find((participant) => participant.self);
  return {
    userId: me?.userId ?? '',
    name: words.call.you,
    stream: call.camera && !isHeldHere ? call.localStream : null,
    pictureLabel: words.call.ownPicture,
    ring: isHeldHere ? 'held' : 'closed',
    words: isHeldHere ? words.state.held : '',
    muted: call.muted ? words.call.mutedShort : null,
    isMirror: true,
  };
}

function peopleOf(words: Words, call: Call): readonly Person[] {
  if (!isRoom(call)) return [alone(words, call)];
  const others = othersOf(call).map((participant) => other(words, call, participant));
  return [...others, self(words, call)];
}

const hasVideo = (stream: MediaStream | null): boolean =>
  stream !== null && stream.getVideoTracks().length > 0;

/** Everyone in the call: one large with one's own picture in a corner, or all side by side. */
export function createStage(words: Words): {
  readonly element: HTMLElement;
  update(call: Call, note: string | null): void;
} {
  const tiles: ReturnType<typeof createTile>[] = [];
  const people = element('div', { class: 'people' });
  const preview = element('video', { class: 'local', autoplay: true, playsinline: true });
  preview.muted = true;
  preview.setAttribute('aria-label', words.call.ownPicture);
  const state = element('p', { class: 'chip stage-state' }, icon('hold'), element('span'));
  const noteText = element('span');
  const noteBox = element('p', { class: 'stage-note', role: 'status' }, icon('warning'), noteText);
  return {
    element: element(
      'div',
      { class: 'stage' },
      element('div', { class: 'stage-view' }, people, state, preview),
      noteBox,
    ),
    update(call, note) {
      const shown = peopleOf(words, call);
      while (tiles.length > shown.length) tiles.pop()!.element.remove();
      while (tiles.length < shown.length) {
        const tile = createTile();
        tiles.push(tile);
        people.append(tile.element);
      }
      people.dataset['count'] = String(shown.length);
      shown.forEach((person, index) => tiles[index]!.update(person));

      const isHeld = call.holding !== 'none';
      const isPreviewShown = shown.length === 1 && call.camera && hasVideo(call.localStream);
      if (preview.srcObject !== call.localStream) preview.srcObject = call.localStream;
      preview.hidden = !isPreviewShown;
      preview.dataset['paused'] = String(isHeld);
      const said = shown.length > 1 || shown[0]!.stream !== null ? stageWord(words, call) : null;
      state.hidden = said === null;
      setText(state.lastElementChild as HTMLElement, said ?? '');
      noteBox.hidden = note === null;
      setText(noteText, note ?? '');
    },
  };
}
