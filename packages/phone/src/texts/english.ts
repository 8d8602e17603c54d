import type { Language, Words } from './keys.ts';

const youWereLost: Words = [
  'Connection lost',
  'You were offline for too long.',
  'Check your network and call again.',
];
const theyWereLost: Words = [
  'Connection lost',
  '{name} went offline and did not come back.',
  'Call again in a moment.',
];
const youMayNot: Words = [
  'No permission',
  'Your browser may not use the {devices}.',
  'Allow it beside the address of this page, and try again.',
];
const theyMayNot: Words = [
  'Call failed',
  '{name} did not allow the use of the {devices}.',
  'Ask them to allow it, and call again.',
];
const youHaveNone: Words = [
  'Nothing to speak into',
  'This device has no {devices} that the browser can use.',
  'Connect one, check that no other program holds it, and try again.',
];
const theyHaveNone: Words = [
  'Call failed',
  '{name} has no {devices} that works.',
  'Ask them to connect one, and call again.',
];
const noWay: Words = [
  'No connection',
  'Sound and picture found no way between you.',
  'Try again, or from another network: a firewall may stand between.',
];
const signIn: Words = ['Signed out', 'The service does not know you any more.', 'Sign in again.'];
const internal: Words = [
  'Something broke',
  'The app made a mistake.',
  'Try again. If it stays, tell those who run this service.',
];
const busyService: Words = [
  'Service too busy',
  'The service cannot do this right now.',
  'Try again in a moment.',
];
const unknownName: Words = [
  'Unknown name',
  'That name cannot be called here.',
  'Check how it is written.',
];
const tooLate: Words = ['Too late', 'The call does not ring here any more.'];

/** English. */
export const english: Language = {
  someone: 'the other side',
  devices: {
    audio: 'microphone',
    video: 'camera and microphone',
    any: 'microphone or camera',
  },
  words: {
    'end.completed': ['Call ended', 'The call is over.'],
    'end.completed.local': ['Call ended', 'You hung up.'],
    'end.completed.remote': ['Call ended', '{name} hung up.'],
    'end.declined': ['Call declined', 'The call was declined.', 'Try again later.'],
    'end.declined.local': ['Call declined', 'You declined the call.'],
    'end.declined.remote': ['Call declined', '{name} declined the call.', 'Try again later.'],
    'end.busy': ['Busy', '{name} cannot take a call now.', 'Try again in a few minutes.'],
    'end.unanswered': ['No answer', 'Nobody answered.', 'Try again later.'],
    'end.unanswered.local': ['Missed call', 'You did not answer in time.', 'Call {name} back.'],
    'end.unanswered.remote': ['No answer', '{name} did not answer.', 'Try again later.'],
    'end.canceled': ['Call canceled', 'The call ended before it was answered.'],
    'end.canceled.local': ['Call canceled', 'You hung up before it was answered.'],
    'end.canceled.remote': [
      'Missed call',
      '{name} hung up before you answered.',
      'Call {name} back.',
    ],
    'end.unreachable': [
      'Not reachable',
      '{name} is not online.',
      'Try again later, or ask {name} to sign in.',
    ],
    'end.failed': ['Call failed', 'The call broke off.', 'Call again.'],
    'end.transferred': ['Call transferred', 'The call was passed on.'],
    'end.transferred.local': ['Call goes on', 'The call goes on without this line.'],
    'end.transferred.remote': ['Call transferred', '{name} passed the call on.'],
    'end.terminated': ['Call ended', 'The service ended the call.', 'Call again in a moment.'],
    'end.terminated.local': ['Call ended', 'You ended the call.'],
    'end.terminated.remote': ['Removed from the call', 'A moderator took you out of the call.'],
    'end.answered-elsewhere': [
      'Answered elsewhere',
      'You answered this call on another of your devices.',
    ],
    'end.declined-elsewhere': [
      'Call declined',
      'You declined this call on another of your devices.',
    ],

    'cause.caller_lost': theyWereLost,
    'cause.caller_lost.local': youWereLost,
    'cause.caller_lost.remote': theyWereLost,
    'cause.callee_lost': theyWereLost,
    'cause.callee_lost.local': youWereLost,
    'cause.callee_lost.remote': theyWereLost,
    'cause.media_timeout': noWay,
    'cause.media_failed': noWay,
    'cause.permission_denied': theyMayNot,
    'cause.permission_denied.local': youMayNot,
    'cause.permission_denied.remote': theyMayNot,
    'cause.device_missing': theyHaveNone,
    'cause.device_missing.local': youHaveNone,
    'cause.device_missing.remote': theyHaveNone,
    'cause.maximum_length': [
      'Time is up',
      'The call reached the longest time a call may last.',
      'Call again to go on.',
    ],
    'cause.internal': internal,

    'error.call_not_found': ['Call not found', 'There is no such call, or it is not yours.'],
    'error.call_ended': ['Call ended', 'The call was over already.', 'Call again.'],
    'error.answered_elsewhere': [
      'Answered elsewhere',
      'Another of your devices took this call.',
      'Go on there.',
    ],
    'error.leg_lost': tooLate,
    'error.deadline_passed': [
      'Too late',
      'The call rang out before you answered.',
      'Call {name} back.',
    ],
    'error.wrong_state': [
      'Not possible now',
      'The call is not at a point where this can be done.',
      'Wait a moment, and try again.',
    ],
    'error.cannot_dial_self': ['That is you', 'That name is your own.', 'Choose someone else.'],
    'error.invalid_address': unknownName,
    'error.address_unsupported': unknownName,
    'error.already_in_call': [
      'Too many calls',
      'You are in as many calls as you may be.',
      'Hang up one of them first.',
    ],
    'error.nothing_to_send': [
      'Nothing to send',
      'A call needs sound or a picture.',
      'Choose at least one.',
    ],
    'error.not_permitted': [
      'Not allowed',
      'Your role in this call does not allow it.',
      'Ask a moderator of the call.',
    ],
    'error.participant_not_found': [
      'Not in the call',
      '{name} is not in the call, or not any more.',
    ],
    'error.already_there': ['Already there', '{name} is in the call already, or on the way.'],
    'error.callee_unavailable': [
      'Cannot come',
      '{name} cannot be reached right now.',
      'Try again later, or someone else.',
    ],
    'error.call_full': [
      'Call full',
      'The call has no room for more.',
      'Wait until somebody leaves.',
    ],
    'error.same_call': [
      'Same call',
      'A call cannot be joined with itself.',
      'Choose another call.',
    ],

    'error.invalid_request': internal,
    'error.unknown_request': internal,
    'error.unauthorized': signIn,
    'error.command_reused': internal,
    'error.rate_limited': [
      'Too fast',
      'Too much was asked for in a short time.',
      'Wait a moment, and try again.',
    ],
    'error.store_unavailable': busyService,
    'error.internal': busyService,

    'error.connection_lost': [
      'No connection',
      'The service cannot be reached.',
      'Check your network. It is tried again by itself.',
    ],
    'error.token_unavailable': [
      'Cannot sign in',
      'The app could not prove who you are.',
      'It is tried again by itself. If it stays, sign in again.',
    ],
    'error.replaced': [
      'Open elsewhere',
      'This phone is open in another tab or window.',
      'Go on there, or reload this page.',
    ],
    'error.client_closed': signIn,
    'error.request_expired': [
      'No answer from the service',
      'The service did not answer in time.',
      'Check your network, and try again.',
    ],
    'error.command_superseded': ['Call ended', 'You hung up before it was done.'],
    'error.queue_full': busyService,
    'error.breaker_open': busyService,
    'error.invalid_answer': internal,
    'error.server_unreachable': [
      'No connection',
      'The service could not be reached in time.',
      'Check your network, and call again.',
    ],

    'error.invalid_dtmf': [
      'Not on the keypad',
      'Only digits, A to D, star and hash can be sent.',
      'Check what you entered.',
    ],
    'error.dtmf_unavailable': [
      'No key tones',
      'Key tones cannot be sent right now.',
      'Resume the call first.',
    ],
    'error.audio_output_unavailable': [
      'Speaker not available',
      'The sound cannot be played there.',
      'Choose another speaker.',
    ],
    'error.device_unavailable': [
      'Device not available',
      'That device cannot be used.',
      'Check that it is connected and free, or choose another.',
    ],

    'error.phone_closed': ['Phone closed', 'This phone is closed.', 'Reload the page.'],
    'error.no_other_call': ['No other call', 'There is no other call to change to.'],
    'error.signal_refused': noWay,
    'error.invalid_option': internal,
    'error.unknown': ['Did not work', 'Something went wrong.', 'Try again in a moment.'],
  },
};
