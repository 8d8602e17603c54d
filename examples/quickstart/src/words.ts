/** What the page says about a call, in plain words. Ends and refusals are said by the phone's texts. */
import type { Call, ParticipantView } from '@ringfence/phone';
import { createTexts } from '@ringfence/phone/texts';
import type { PersonText, Texts } from '@ringfence/phone/texts';
import type { Note, Refusal } from './app.ts';
import { formatNames, nameOf } from './format.ts';
import { isAsking } from './lines.ts';
import { english } from './words/english.ts';
import type { Language, Vocabulary } from './words/english.ts';
import { german } from './words/german.ts';

/** Everything the page says, in one language. */
export interface Words extends Vocabulary {
  readonly texts: Texts;
}

const vocabularies: Readonly<Record<Language, Vocabulary>> = { en: english, de: german };

export function createWords(language: Language): Words {
  return { ...vocabularies[language], texts: createTexts({ language, nameOf }) };
}

/** The first language of the page that the user prefers; English when there is none. */
export function preferredLanguage(preferences: readonly string[]): Language {
  for (const preference of preferences) {
    const [language] = preference.toLowerCase().split('-');
    if (language === 'en' || language === 'de') return language;
  }
  return 'en';
}

/** What the words are made from: a call, or what is left of one. */
export type SpokenCall = Pick<
  Call,
  | 'state'
  | 'direction'
  | 'via'
  | 'peer'
  | 'participants'
  | 'requests'
  | 'media'
  | 'holding'
  | 'answeredAt'
>;

/** The others who take part or are on their way. */
export function othersOf({ participants }: Pick<Call, 'participants'>): readonly ParticipantView[] {
  return participants.filter(({ self, state }) => !self && state !== 'left');
}

/** True when more than two are in the call or on their way. */
export function isRoom(call: Pick<Call, 'participants'>): boolean {
  return othersOf(call).length > 1;
}

/** The name of the other side, as it is shown. */
export function peerName(call: Pick<Call, 'peer'>): string {
  return nameOf(call.peer.userId);
}

/** The names of all others. */
export function namesIn(words: Words, call: Pick<Call, 'peer' | 'participants'>): string {
  const names = othersOf(call).map(({ userId }) => nameOf(userId));
  return names.length === 0 ? peerName(call) : formatNames(names, words);
}

/** The names of those for whom it rings. */
function awaited(words: Words, call: SpokenCall): string {
  const ringing = othersOf(call).filter(({ state }) => state === 'ringing' || state === 'inviting');
  if (ringing.length === 0) return peerName(call);
  return formatNames(
    ringing.map(({ userId }) => nameOf(userId)),
    words,
  );
}

/** The state of a call in one short line. */
export function stateInWords(words: Words, call: SpokenCall): string {
  const { sentence } = words;
  if (isTransferring(call)) return sentence.transferring(namesIn(words, call));
  switch (call.state) {
    case 'preparing':
    case 'accepting':
      return call.media.video ? sentence.cameraAndMicrophone : sentence.microphone;
    case 'dialing':
      return sentence.dialing(peerName(call));
    case 'ringing':
      if (isAsking(call)) return callerInWords(words, call).title;
      return call.answeredAt === null
        ? sentence.ringing(awaited(words, call))
        : sentence.waiting(awaited(words, call));
    case 'connecting':
      return sentence.connecting;
    case 'active':
      return heldInWords(words, call) ?? sentence.talking(namesIn(words, call));
    case 'reconnecting':
      return sentence.reconnecting;
    case 'ended':
      return words.state.ended;
  }
}

/** The state of a call in a word or two, beside its clock. */
export function stateWord(
  { state: word }: Words,
  call: Pick<SpokenCall, 'state' | 'holding' | 'answeredAt'>,
): string {
  if (call.state === 'active' && call.holding !== 'none') return word.held;
  if (call.state === 'ringing' && call.answeredAt !== null) return word.waiting;
  return word[call.state];
}

/** What one of those in a room is doing; null when they simply talk. */
export function participantWord(
  { state: word }: Words,
  participant: Pick<ParticipantView, 'state' | 'held'>,
): string | null {
  switch (participant.state) {
    case 'active':
      return participant.held ? word.held : null;
    case 'left':
      return word.ended;
    case 'inviting':
    case 'ringing':
    case 'connecting':
    case 'reconnecting':
      return word[participant.state];
  }
}

/** Who put the call on hold; null when nobody did. */
export function heldInWords(
  words: Words,
  call: Pick<Call, 'holding' | 'peer' | 'participants'>,
): string | null {
  switch (call.holding) {
    case 'none':
      return null;
    case 'local':
      return words.sentence.heldHere(namesIn(words, call));
    case 'remote':
      return words.sentence.heldThere(namesIn(words, call));
    case 'both':
      return words.sentence.heldByBoth;
  }
}

/** Who calls, and what for. */
export function callerInWords(
  words: Words,
  call: SpokenCall,
): { readonly title: string; readonly about: string } {
  const { incoming } = words;
  const name = peerName(call);
  const kind = call.media.video ? incoming.video : incoming.audio;
  // In a room it may be another than the first.
  const inviter = nameOf(call.participants[0]?.invitedBy ?? call.peer.userId);
  const also = othersOf(call).filter(({ userId }) => userId !== call.peer.userId);
  const company = also.length === 0 ? null : incoming.withOthers(namesOf(words, also));
  const about = (...parts: readonly (string | null)[]): string =>
    parts.filter((part) => part !== null).join(' · ');
  switch (call.via) {
    case 'dial':
    case 'merge':
      return { title: incoming.calling(name), about: about(kind, company) };
    case 'invite':
      return { title: incoming.invites(inviter), about: about(kind, company) };
    case 'transfer':
      return { title: incoming.calling(name), about: about(kind, incoming.transferred) };
    case 'forward':
      return { title: incoming.calling(name), about: about(kind, incoming.forwarded) };
    case 'return':
      return { title: incoming.back(name), about: incoming.returned };
  }
}

function namesOf(words: Words, people: readonly ParticipantView[]): string {
  return formatNames(
    people.map(({ userId }) => nameOf(userId)),
    words,
  );
}

/** True while a transfer is asked for and not answered. */
export function isTransferring({ requests }: Pick<Call, 'requests'>): boolean {
  return requests.some(({ request }) => request.type === 'call.transfer');
}

/** How a call ended: what happened, why, and what can be done. */
export function endInWords({ texts }: Words, call: Call): PersonText {
  return texts.ofEnd(call.end!, call);
}

/** What was refused, in one line. */
export function refusalInWords({ notes, texts }: Words, { error, name }: Refusal): string {
  // A call that runs has its microphone: what it may lack is the camera.
  if (error === 'permission_denied' || error === 'device_missing') return notes.camera[error];
  const { what, advice } = texts.ofError(error, { name });
  return [what, advice].filter(Boolean).join(' ');
}

/** What the page says for a while. */
export function noteInWords(words: Words, note: Note): string {
  switch (note.kind) {
    case 'refused':
      return refusalInWords(words, note);
    case 'mute-requested':
      return words.notes.muteRequested(note.name);
    case 'over': {
      const { what } = endInWords(words, note.call);
      return `${peerName(note.call)}: ${what}`;
    }
  }
}
