import type { Call, ParticipantView } from '@ringfence/phone';
import { element, setText } from '../element.ts';
import { initialsOf, nameOf, userIdOf } from '../format.ts';
import type { Line } from '../lines.ts';
import { isRoom, namesIn, participantWord } from '../words.ts';
import type { Words } from '../words.ts';
import { button } from './buttons.ts';
import { createCards } from './cards.ts';
import { createLineButtons } from './line-buttons.ts';
import { createSheet, nameForm } from './sheet.ts';
import type { Sheet } from './sheet.ts';

export interface PeopleOptions {
  readonly attempt: (asked: Promise<unknown>, name?: string) => void;
  /** Calls somebody on a line of their own. */
  readonly onDial: (name: string) => void;
}

/** Who is in the call, what may be done to each, and how more come in. */
export function createPeopleSheet(
  words: Words,
  { attempt, onDial }: PeopleOptions,
): Sheet & { update(call: Call, others: readonly Line[]): void } {
  const sheet = createSheet(words, { id: 'people', title: words.people.title });
  let call: Call | null = null;

  const cards = createCards((id: string) => {
    const find = (): ParticipantView | undefined =>
      call?.participants.find((participant) => participant.id === id);
    const ask = (what: 'remove' | 'requestMute'): void => {
      const participant = find();
      if (call !== null && participant) attempt(call[what](id), nameOf(participant.userId));
    };
    const avatar = element('span', { class: 'avatar', 'aria-hidden': 'true' });
    const name = element('strong');
    const about = element('span', { class: 'soft' });
    const mute = button('', {
      kind: 'quiet',
      icon: 'microphone-off',
      isIconOnly: true,
      onPress: () => ask('requestMute'),
    });
    const remove = button('', {
      kind: 'quiet',
      icon: 'remove',
      isIconOnly: true,
      onPress: () => ask('remove'),
    });
    return {
      element: element(
        'li',
        { class: 'participant' },
        avatar,
        element('span', { class: 'card-words' }, name, about),
        mute,
        remove,
      ),
      update(participant: ParticipantView) {
        const { role, self, userId, muted } = participant;
        const shown = nameOf(userId);
        setText(avatar, initialsOf(userId));
        setText(name, self ? words.people.you(shown) : shown);
        const isMuted = self ? call?.muted === true : muted;
        setText(
          about,
          [
            words.people.roles[role],
            leftWord(words, participant),
            isMuted ? words.call.mutedShort : null,
          ]
            .filter(Boolean)
            .join(' · '),
        );
        const isThere = !self && participant.state !== 'left' && participant.state !== 'inviting';
        name_(mute, words.people.askToMute(shown));
        name_(remove, words.people.remove(shown));
        mute.hidden = !(isThere && participant.legId !== null && call?.may('request-mute', id));
        remove.hidden = !(isThere && call?.may('remove', id));
      },
    };
  });

  const list = element('ul', { class: 'participants' });
  const guest = element('input', { type: 'checkbox', id: 'invite-guest' });
  const invite = button(words.people.invite, { kind: 'primary', icon: 'add', type: 'submit' });
  const apart = button(words.people.apart, { icon: 'call', type: 'submit' });
  const add = nameForm({
    id: 'invite-name',
    label: words.people.add,
    buttons: [invite, apart],
    extra: [
      element(
        'label',
        { class: 'check', for: 'invite-guest' },
        guest,
        element('span', {}, words.people.guest),
      ),
      element('p', { class: 'hint' }, words.people.apartHint),
    ],
    onSubmit(name, by) {
      const id = userIdOf(name);
      if (by === apart) {
        sheet.close();
        return onDial(name);
      }
      const role = guest.checked ? 'guest' : 'member';
      if (call !== null) attempt(call.invite(`user:${id}`, { role }), nameOf(id));
    },
  });
  const merge = createLineButtons({
    icon: 'merge',
    label: (other) => words.people.merge(namesIn(words, other)),
    onPress(other) {
      sheet.close();
      if (call !== null) attempt(call.merge(other));
    },
  });
  const endForAll = button(words.people.endForAll, {
    kind: 'danger',
    icon: 'hang-up',
    onPress: () => call?.hangUp({ everyone: true }),
  });
  sheet.body.append(list, add.element, merge.element, endForAll);

  return Object.assign(sheet, {
    update(next: Call, others: readonly Line[]) {
      call = next;
      const byId = new Map(next.participants.map((each) => [each.id, each]));
      cards.show(list, [...byId.keys()], (id) => byId.get(id)!);
      const mayInvite = next.may('invite');
      add.element.hidden = !mayInvite;
      merge.update(next.may('merge') ? others.map((line) => line.call) : []);
      endForAll.hidden = !(isRoom(next) && next.may('end-for-all'));
    },
  });
}

/** What a participant does, or how it came that they did not come. */
function leftWord(words: Words, participant: ParticipantView): string | null {
  const { state, leftReason } = participant;
  if (state !== 'left' || leftReason === null) return participantWord(words, participant);
  return words.people.left[leftReason];
}

/** Gives a button without words its name. */
function name_(target: HTMLButtonElement, name: string): void {
  target.title = name;
  target.setAttribute('aria-label', name);
}
