/* The words of the page in English. `german.ts` has the same, held to it by its type. */
export type Language = 'en' | 'de';

export const english = {
  language: 'en' as Language,
  /** What to switch to, in that language itself. */
  otherLanguage: { code: 'de' as Language, name: 'Deutsch' },
  units: {
    hour: ['hour', 'hours'],
    minute: ['minute', 'minutes'],
    second: ['second', 'seconds'],
    none: 'less than a second',
  },
  underOneMs: 'under 1 ms',

  shell: {
    online: 'Online',
    connecting: 'Connecting',
    offline: 'Offline',
    serverAway: 'The server does not answer. This page keeps trying; a call that runs goes on.',
    unauthorized: 'The server no longer accepts this sign-in. Reload the page.',
    signedOut: 'You are signed out. Reload the page to come back.',
    endedBy: (code: string) =>
      `The server ended this connection (${code}). Reload the page to come back.`,
    signOut: 'Sign out',
    settings: 'Settings',
    devices: 'Devices',
    doNotDisturb: 'Do not disturb',
    silenced: 'Your browser keeps this page silent until you say otherwise.',
    unlock: 'Turn the sound on',
    close: 'Close',
  },

  welcome: {
    title: 'A call between tabs.',
    lead: 'Sound and picture, straight from browser to browser. Pick a name to begin.',
    name: 'Your name',
    nameHint: 'Others call you by this name. It is kept for this tab alone.',
    proceed: 'Continue',
    problems: {
      name_needed: 'Enter a name with letters or digits.',
      no_server: 'The server does not answer. Is it running?',
      no_dev_tokens:
        'This server gives no development tokens here. Start it with --dev, and with --dev-allow-remote for other machines.',
      name_refused: 'The server did not accept this name.',
      failed: 'Signing in did not work.',
    },
  },

  home: {
    title: (name: string) => `Hello ${name}. Whom do you want to call?`,
    to: 'Name to call',
    call: 'Call',
    videoCall: 'Video call',
    insecure: (option: string) =>
      `This page came without HTTPS, so the browser gives it no microphone. Start the demo with ${option} and open the address it prints.`,
    aloneTitle: 'Nobody to call?',
    alone: (name: string) =>
      `Be both ends yourself. Open a second tab as ${name}, come back here, and call ${name}.`,
    openTab: (name: string) => `Open a tab for ${name}`,
    pastTitle: 'Calls of this tab',
    from: (name: string) => `From ${name}`,
    toName: (name: string) => `To ${name}`,
    talked: (length: string) => `Talked ${length}`,
    callName: (name: string) => `Call ${name}`,
    quiet: 'Do not disturb is on: no call rings here.',
  },

  incoming: {
    calling: (name: string) => `${name} is calling`,
    back: (name: string) => `${name} is back`,
    invites: (name: string) => `${name} asks you to join`,
    audio: 'Audio call',
    video: 'Video call',
    forwarded: 'Forwarded to you',
    transferred: 'Passed on to you',
    returned: 'Nobody took the call you passed on',
    withOthers: (names: string) => `With ${names}`,
    accept: 'Accept',
    acceptVideo: 'Accept with video',
    withVideo: 'With video',
    acceptAudio: 'Accept, sound only',
    decline: 'Decline',
    declineName: (name: string) => `Decline ${name}`,
    acceptVideoName: (name: string) => `Accept ${name} with video`,
    acceptName: (name: string) => `Accept ${name}`,
    holds: (name: string) => `${name} goes on hold when you accept`,
    region: 'Incoming calls',
    escape: 'declines',
  },

  state: {
    preparing: 'Getting ready',
    dialing: 'Calling',
    ringing: 'Ringing',
    waiting: 'Waiting',
    accepting: 'Getting ready',
    connecting: 'Connecting',
    active: 'Talking',
    held: 'On hold',
    reconnecting: 'Reconnecting',
    ended: 'Ended',
    inviting: 'Inviting',
  },
  sentence: {
    microphone: 'Waiting for your microphone. Your browser may ask.',
    cameraAndMicrophone: 'Waiting for your camera and microphone. Your browser may ask.',
    dialing: (name: string) => `Calling ${name}`,
    ringing: (name: string) => `Ringing for ${name}`,
    waiting: (name: string) => `Waiting for ${name}`,
    connecting: 'Connecting sound and picture',
    talking: (name: string) => `You are talking to ${name}`,
    heldHere: (name: string) => `You put ${name} on hold`,
    heldThere: (name: string) => `${name} put you on hold`,
    heldByBoth: 'Both of you are on hold',
    reconnecting: 'The connection was lost. It is being restored.',
    transferring: (name: string) => `Passing ${name} on`,
  },

  call: {
    title: (name: string) => `Call with ${name}`,
    controls: 'Call controls',
    mute: 'Mute',
    unmute: 'Unmute',
    cameraOn: 'Camera on',
    cameraOff: 'Camera off',
    hold: 'Hold',
    resume: 'Resume',
    keypad: 'Keypad',
    people: 'People',
    transfer: 'Transfer',
    devices: 'Devices',
    hangUp: 'Hang up',
    leave: 'Leave',
    cancel: 'Cancel',
    escape: 'cancels',
    ownPicture: 'Your own picture',
    picture: (name: string) => `Picture of ${name}`,
    muted: (name: string) => `${name} is muted`,
    mutedShort: 'Muted',
    you: 'You',
  },

  lines: {
    title: 'Other calls',
    talk: 'Swap',
    talkTo: (name: string) => `Swap to ${name}`,
    hangUp: (name: string) => `Hang up ${name}`,
  },

  people: {
    title: 'People in this call',
    you: (name: string) => `${name} (you)`,
    roles: { moderator: 'Moderator', member: 'Member', guest: 'Guest' },
    remove: (name: string) => `Remove ${name}`,
    askToMute: (name: string) => `Ask ${name} to mute`,
    add: 'Name to add',
    invite: 'Invite',
    guest: 'As a guest, who may only talk',
    apart: 'Call apart',
    apartHint: 'Invite rings them into this call. Call apart holds this call first.',
    merge: (name: string) => `Bring ${name} in`,
    endForAll: 'End for all',
    /** How it came that somebody is not there. */
    left: {
      completed: 'Left',
      declined: 'Declined',
      busy: 'Busy',
      unanswered: 'No answer',
      canceled: 'Canceled',
      unreachable: 'Not online',
      failed: 'Failed',
      transferred: 'Passed on',
      terminated: 'Removed',
    },
  },

  transfer: {
    title: (name: string) => `Pass ${name} on`,
    to: 'Pass on to',
    submit: 'Transfer',
    hint: (name: string) =>
      `You leave; ${name} waits until they answer. If they do not, it rings here again.`,
    connect: (name: string, other: string) => `Connect ${name} with ${other}`,
    or: 'Or put two of your calls together, and leave:',
  },

  keypad: {
    title: 'Keypad',
    sent: 'Tones sent',
    star: 'Star',
    hash: 'Hash',
  },

  devices: {
    title: 'Devices',
    microphone: 'Microphone',
    camera: 'Camera',
    output: 'Speaker',
    callOutput: 'Speaker of this call alone',
    ringOutput: 'Speaker for ringing',
    asPage: 'As the page',
    systemDefault: 'Default',
    unnamed: (kind: string, number: number) => `${kind} ${number}`,
    hint: 'A change is heard and seen at once.',
    none: 'None found',
  },

  settings: {
    title: 'Settings',
    doNotDisturb: 'Do not disturb',
    doNotDisturbHint: 'No device of yours rings. Callers hear that you are busy.',
    onBusy: 'When busy, send calls to',
    onNoAnswer: 'When nobody answers, send calls to',
    nobody: 'Nobody',
    save: 'Save',
    saved: 'Saved.',
  },

  notes: {
    muteRequested: (name: string) => `${name} asked you to mute. You are muted.`,
    camera: {
      permission_denied: 'Your browser may not use the camera. The call goes on without.',
      device_missing: 'There is no camera to use. The call goes on without.',
    },
  },

  quality: {
    line: 'Line',
    roundTrip: 'Round trip',
    loss: 'Loss',
    sending: 'Sending',
    receiving: 'Receiving',
    verdicts: ['Measuring', 'Poor', 'Fair', 'Good', 'Very good'],
  },

  summary: {
    with: 'With',
    talked: 'Talked',
    again: 'Call again',
    done: 'Done',
  },
};

/** What the page says, in one language. */
export type Vocabulary = typeof english;
