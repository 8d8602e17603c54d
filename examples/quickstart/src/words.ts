/** What the page says about a call, in plain words. */
import type { Call } from '@ringfence/phone';
import { nameOf } from './format.ts';

/** What the words are made from: a call, or what is left of one. */
export type SpokenCall = Pick<
  Call,
  'state' | 'direction' | 'peer' | 'media' | 'holding' | 'end' | 'answeredAt'
>;

/** The other side's name, as it is shown. */
export function peerName(call: Pick<Call, 'peer'>): string {
  return nameOf(call.peer.userId);
}

/** What is asked for, in words: "microphone" or "camera and microphone". */
function devices({ video }: { readonly video: boolean }): string {
  return video ? 'camera and microphone' : 'microphone';
}

/** The state of a call in one short line. */
export function stateInWords(call: SpokenCall): string {
  const peer = peerName(call);
  switch (call.state) {
    case 'preparing':
    case 'accepting':
      return `Waiting for your ${devices(call.media)}. Your browser may ask.`;
    case 'dialing':
      return `Calling ${peer}`;
    case 'ringing':
      return call.direction === 'incoming' ? `${peer} is calling` : `Ringing for ${peer}`;
    case 'connecting':
      return 'Connecting sound and picture';
    case 'active':
      return heldInWords(call) ?? `You are talking to ${peer}`;
    case 'reconnecting':
      return 'The connection was lost. It is being restored.';
    case 'ended':
      return endInWords(call).title;
  }
}

/** The state of a call in a word or two, beside its clock. */
export function stateWord(call: Pick<SpokenCall, 'state' | 'holding'>): string {
  switch (call.state) {
    case 'preparing':
    case 'accepting':
      return 'Getting ready';
    case 'dialing':
      return 'Calling';
    case 'ringing':
      return 'Ringing';
    case 'connecting':
      return 'Connecting';
    case 'active':
      return call.holding === 'none' ? 'Talking' : 'On hold';
    case 'reconnecting':
      return 'Reconnecting';
    case 'ended':
      return 'Ended';
  }
}

/** Who put the call on hold; null when nobody did. */
export function heldInWords(call: SpokenCall): string | null {
  switch (call.holding) {
    case 'none':
      return null;
    case 'local':
      return `You put ${peerName(call)} on hold`;
    case 'remote':
      return `${peerName(call)} put you on hold`;
    case 'both':
      return 'Both of you are on hold';
  }
}

/** How a call ended: what happened, why, and what can be done. */
export interface EndWords {
  readonly title: string;
  readonly why: string;
  /** Null when nothing needs doing. */
  readonly advice: string | null;
  /** True when something went wrong, not merely ended. */
  readonly isFault: boolean;
}

export function endInWords(call: SpokenCall): EndWords {
  const { end } = call;
  const peer = peerName(call);
  const isIncoming = call.direction === 'incoming';
  switch (end?.reason) {
    case 'completed':
      return calm(
        'Call ended',
        end.by === 'local'
          ? 'You hung up.'
          : end.by === 'remote'
            ? `${peer} hung up.`
            : 'The call is over.',
      );
    case 'declined':
      return isIncoming
        ? calm('Call declined', 'You declined the call.', `Call ${peer} back when it suits you.`)
        : calm('Call declined', `${peer} declined the call.`, 'Try again later.');
    case 'busy':
      return calm(`${peer} is busy`, `${peer} is in another call.`, 'Try again in a few minutes.');
    case 'unanswered':
      return isIncoming
        ? calm('Missed call', 'You did not answer in time.', `Call ${peer} back.`)
        : calm('No answer', `${peer} did not answer.`, 'Try again later.');
    case 'canceled':
      return isIncoming
        ? calm('Missed call', `${peer} hung up before you answered.`, `Call ${peer} back.`)
        : calm('Call canceled', 'You hung up before it was answered.');
    case 'unreachable':
      return calm(
        `${peer} is not online`,
        `No browser is signed in as ${peer}.`,
        `Ask ${peer} to open this page, or open a second tab and sign in as ${peer}.`,
      );
    case 'answered-elsewhere':
      return calm(
        'Answered elsewhere',
        'You answered this call in another tab or on another device.',
      );
    case 'declined-elsewhere':
      return calm('Call declined', 'You declined this call in another tab or on another device.');
    case 'transferred':
      return calm('Call transferred', `${peer} was passed on to someone else.`);
    case 'terminated':
      return fault('Call ended', 'The service ended the call.', 'Call again in a moment.');
    case 'failed':
    case undefined:
      return failureInWords(call);
  }
}

function failureInWords(call: SpokenCall): EndWords {
  const { end } = call;
  const peer = peerName(call);
  const isPeers = end?.by === 'remote';
  switch (end?.cause) {
    case 'permission_denied':
      return isPeers
        ? fault(
            'Call failed',
            `${peer}'s browser may not use the ${devices(call.media)}.`,
            `Ask ${peer} to allow it and call again.`,
          )
        : fault(
            'No permission',
            `Your browser may not use the ${devices(call.media)}.`,
            'Select the icon beside the address of this page, allow it, and call again.',
          );
    case 'device_missing':
      return isPeers
        ? fault(
            'Call failed',
            `${peer} has no ${devices(call.media)} that works.`,
            `Ask ${peer} to connect one and call again.`,
          )
        : fault(
            call.media.video ? 'No camera or microphone' : 'No microphone',
            `This machine has no ${devices(call.media)} that the browser can use.`,
            'Connect one, check that no other program holds it, and call again.',
          );
    case 'caller_lost':
    case 'callee_lost': {
      const isMine = (end.cause === 'caller_lost') !== (call.direction === 'incoming');
      return isMine
        ? fault(
            'Connection lost',
            'You were offline for too long.',
            'Check your network and call again.',
          )
        : fault(
            'Connection lost',
            `${peer} went offline and did not come back.`,
            `Call ${peer} again in a moment.`,
          );
    }
    case 'media_timeout':
    case 'media_failed':
      return fault(
        'No connection',
        'Sound and picture found no way between the two of you.',
        'Try again, or try from another network: a firewall may stand between.',
      );
    case 'maximum_length':
      return calm(
        'Time is up',
        'The call reached the longest time a call may last.',
        'Call again to go on.',
      );
    case 'internal':
    case null:
    case undefined:
      return refusedEndInWords(call);
  }
}

/** The server, or the way to it, said no. */
function refusedEndInWords(call: SpokenCall): EndWords {
  switch (call.end?.code) {
    case 'cannot_dial_self':
      return calm(
        'That is you',
        'You cannot call your own name.',
        'Enter the name of someone else.',
      );
    case 'already_in_call':
      return calm(
        'Already in a call',
        'You are in another call, perhaps in another tab.',
        'Hang up there first.',
      );
    case 'invalid_address':
    case 'address_unsupported':
      return calm('Unknown name', 'That name cannot be called here.', 'Check how it is written.');
    case 'rate_limited':
    case 'store_unavailable':
      return fault(
        'Call failed',
        'The server is too busy to place calls.',
        'Try again in a moment.',
      );
    case 'server_unreachable':
    case 'request_expired':
    case undefined:
      return call.answeredAt === null
        ? fault(
            'Call failed',
            'The server could not be reached in time.',
            'Check your network and call again.',
          )
        : fault('Call failed', 'The call broke off.', 'Call again.');
    default:
      return fault(
        'Call failed',
        `The server refused the call (${call.end?.code}).`,
        'Call again.',
      );
  }
}

/** Something was asked of a running call and refused: the camera, or a command. */
export function refusalInWords(code: string): string {
  switch (code) {
    case 'permission_denied':
      return 'Your browser may not use the camera. The call goes on without.';
    case 'device_missing':
      return 'There is no camera to use. The call goes on without.';
    default:
      return `The server refused that (${code}).`;
  }
}

/** Why a call was not even begun. */
export function refusedDialInWords(thrown: unknown, name: string): string {
  switch ((thrown as { code?: string }).code) {
    case 'cannot_dial_self':
      return `${name} is you. Enter the name of someone else.`;
    case 'phone_closed':
      return 'You are signed out. Reload the page to come back.';
    default:
      return 'That name cannot be called. Use letters and digits.';
  }
}

function calm(title: string, why: string, advice: string | null = null): EndWords {
  return { title, why, advice, isFault: false };
}

function fault(title: string, why: string, advice: string): EndWords {
  return { title, why, advice, isFault: true };
}
