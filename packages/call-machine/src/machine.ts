import { assign, createMachine, emit } from 'xstate';
import type { ActorRefFrom, SnapshotFrom, setup as Setup } from 'xstate';
import { initialContext } from './context.ts';
import type { CallContext, CallEmitted, CallEvent, CallInput } from './context.ts';
import { effects } from './effects.ts';
import type { CallEnd } from './end.ts';
import { guards } from './guards.ts';
import { waitMs } from './reading.ts';
import { outcomeAtEnd, told } from './telling.ts';
import { updates } from './updates.ts';
import type { Update } from './updates.ts';

/*
 * The call as one client sees and does it.
 *
 *   context.ts  what is remembered, and the events     guards.ts   when
 *   reading.ts  what the facts say to one leg          updates.ts  what changes
 *   end.ts      how the call ended for it              effects.ts  what the ports are asked
 *   view.ts     what a user sees                       telling.ts  what the host hears besides
 *   participants.ts  and of everyone in the call
 *
 * 1. Facts drive the state. A newer `seq` wins; older facts change nothing.
 * 2. What the user does is believed at once, and corrected by facts or taken back on a refusal.
 * 3. The ports are asked in effects only, and a port that throws ends this call and nothing else.
 * 4. Media ends the moment the call does, whatever the server says and whether it can be heard.
 * 5. Every wait has an end of its own on the clock, except the user's.
 * 6. While this leg is in the call and capture runs, media is connected with each other leg that is
 *    in it, once, and with nobody else.
 * 7. A request has one outcome, at the end at the latest.
 * 8. A call that goes on as another one stays the same machine.
 *
 * The whole graph is drawn in docs/guides/call-machine.md, by a test.
 */

/**
 * XState's `setup`, for its types. The function itself brings every kind of action into a page,
 * 0.8 kB after gzip that no call uses.
 */
const setup = ((parts) => ({
  createMachine: (config: never) => createMachine(config, parts as never),
})) as typeof Setup;

const assignment = (update: Update) =>
  assign<CallContext, CallEvent, undefined, CallEvent, never>(({ context, event }) =>
    update(context, event),
  );

const assignments = Object.fromEntries(
  Object.entries(updates).map(([name, update]) => [name, assignment(update)]),
) as Record<keyof typeof updates, ReturnType<typeof assignment>>;

const machine = setup({
  types: {} as {
    context: CallContext;
    events: CallEvent;
    input: CallInput;
    output: CallEnd;
    emitted: CallEmitted;
  },
  guards,
  delays: {
    /** How long a state that waits for the server is kept without a word from it. */
    patience: ({ context: { facts, legId, tuning } }) =>
      facts ? waitMs(facts, legId) + tuning.backstopMs : tuning.dialMs,
    lost: ({ context }) => context.tuning.lostMs,
    settling: ({ context }) => context.tuning.settleMs,
  },
  actions: {
    ...effects,
    ...assignments,
    tell: emit(told),
    tellOwed: emit(outcomeAtEnd),
  },
});

const follow = ['follow', 'takeFacts'] as const;
const move = ['tell', 'follow', 'takeFacts'] as const;
const outcome = { guard: 'isAsked', actions: ['dropRequest', 'tell'] } as const;
const report = ['takeMedia', 'reportMedia'] as const;
const toRinging = { guard: 'isRinging', target: 'ringing', actions: follow } as const;
const toConnecting = { guard: 'isConnecting', target: 'connecting', actions: follow } as const;
const toActive = { guard: 'isUp', target: 'active', actions: follow } as const;
const toReconnecting = { guard: 'isDown', target: 'reconnecting', actions: follow } as const;
const toAnswered = { guard: 'isAnswered', target: 'connecting', actions: follow } as const;
const broken = { target: '#call.ending', actions: ['endByPort', 'hangUp', 'tell'] } as const;
const outOfReach = ['giveUp', 'hangUp'] as const;
const outOfPatience = { patience: { target: 'ending', actions: outOfReach } } as const;

/**
 * A call, from the first word to the last, for one device. Everything it does to the world goes
 * through the two ports of its input; time is the clock given to `createActor`.
 *
 * Send it {@link UserEvent}s. Read it with {@link callView}. When it is done, its `output` is how
 * the call ended.
 *
 * @example
 * const actor = createActor(callMachine, {
 *   input: { direction: 'outgoing', callId, to: 'user:alice', signaling, media },
 * });
 * actor.subscribe((snapshot) => show(callView(snapshot).state));
 * actor.start();
 * actor.send({ type: 'user.hang-up' });
 */
export const callMachine = machine.createMachine({
  id: 'call',
  context: initialContext,
  output: ({ context }) => context.end!,
  entry: 'openPorts',
  initial: 'starting',
  on: {
    'signaling.facts': [
      { guard: 'isOld' },
      { guard: 'isOver', target: '.ending', actions: 'settle' },
      { actions: follow },
    ],
    'signaling.moved': [
      { guard: 'isOver', target: '.ending', actions: ['tell', 'settle'] },
      { guard: 'isAnswered', target: '.connecting', actions: move },
      { target: '.ringing', actions: move },
    ],
    'signaling.connection': { actions: 'takeConnection' },
    'signaling.refused': [
      { guard: 'isUpdateRefused', actions: ['rollBack', 'controlMedia', 'tell'] },
      outcome,
      { guard: 'isTicketed' },
      { actions: 'tell' },
    ],
    'signaling.done': outcome,
    'media.acquired': { actions: ['link', 'takeCapture'] },
    'media.connected': [{ guard: 'isStray' }, { actions: report }],
    'media.disconnected': [{ guard: 'isStray' }, { actions: report }],
    'media.refused': { target: '.ending', actions: ['endByMedia', 'hangUp'] },
    'media.failed': [
      { guard: 'isBearable', actions: 'takeMedia' },
      { target: '.ending', actions: ['endByMedia', 'hangUp'] },
    ],
    'media.camera-refused': {
      actions: ['dropCamera', 'controlMedia', 'sendCameraOff', 'tell'],
    },
    'user.hang-up': { target: '.ending', actions: ['endByUser', 'hangUp'] },
    'user.update': { actions: ['takeUpdate', 'controlMedia', 'sendUpdate'] },
    'user.request': { actions: ['takeRequest', 'sendRequest'] },
    'call.mute-requested': { actions: 'tell' },
    'port.threw': broken,
  },
  states: {
    starting: {
      always: [
        // Moved here while no call was shown: whoever is in it needs media first.
        { guard: 'isRinging', target: 'ringing', actions: 'acquire' },
        { guard: 'isAnswered', target: 'connecting', actions: 'acquire' },
        { guard: 'isIncoming', target: 'ringing', actions: 'ring' },
        { target: 'preparing' },
      ],
    },
    /** Outgoing: the microphone is being asked for. Nobody was told of the call yet. */
    preparing: {
      entry: 'acquire',
      on: {
        'media.acquired': { target: 'dialing', actions: ['takeCapture', 'dial'] },
        'media.refused': { target: 'ending', actions: ['endByMedia', 'stopWaiting'] },
        'media.failed': { target: 'ending', actions: ['endByMedia', 'stopWaiting'] },
        'user.hang-up': { target: 'ending', actions: ['endByUser', 'stopWaiting'] },
        'port.threw': { target: 'ending', actions: ['endByPort', 'tell'] },
      },
    },
    dialing: {
      on: {
        'signaling.facts': [
          toAnswered,
          toRinging,
          // Entered again, so that patience is measured anew by the deadlines of the facts.
          { guard: 'isRenewed', target: 'dialing', reenter: true, actions: follow },
        ],
        'signaling.refused': [
          { guard: 'isDialExpired', target: 'ending', actions: outOfReach },
          { guard: 'isDialOpen', target: 'ending', actions: ['endByRefusal', 'hangUp', 'tell'] },
          { guard: 'isDialRefused', target: 'ending', actions: ['endByRefusal', 'tell'] },
        ],
      },
      after: outOfPatience,
    },
    /** The other rings, this device does, or who is left behind by a transfer waits. */
    ringing: {
      on: {
        'signaling.facts': [
          { guard: 'isTaken', target: 'ending', actions: ['takeFacts', 'endByUser', 'hangUp'] },
          toAnswered,
          { guard: 'isRenewed', target: 'ringing', reenter: true, actions: follow },
        ],
        'signaling.refused': {
          guard: 'isRingLost',
          target: 'ending',
          actions: ['endByRefusal', 'tell'],
        },
        'user.accept': { guard: 'isOffered', target: 'accepting', actions: 'takeKinds' },
        'user.decline': { guard: 'isOffered', target: 'ending', actions: ['endByUser', 'decline'] },
      },
      after: outOfPatience,
    },
    /** Incoming: the user said yes; the microphone, then the server, are being asked. */
    accepting: {
      entry: ['controlMedia', 'acquire'],
      on: {
        'media.acquired': { actions: ['takeCapture', 'accept'] },
        'signaling.facts': [toAnswered, toRinging],
        // Entered again: the accept goes to the new call.
        'signaling.moved': {
          guard: 'isOffered',
          target: 'accepting',
          reenter: true,
          actions: move,
        },
        'signaling.refused': [
          { guard: 'isAcceptExpired', target: 'ending', actions: outOfReach },
          { guard: 'isAcceptLost', target: 'ending', actions: ['endByRefusal', 'tell'] },
          { guard: 'isAcceptRefused', target: 'ringing', actions: 'tell' },
        ],
        'user.decline': { target: 'ending', actions: ['endByUser', 'hangUp'] },
      },
      after: outOfPatience,
    },
    connecting: {
      on: {
        'signaling.facts': [
          toRinging,
          toActive,
          toReconnecting,
          { guard: 'isRenewed', target: 'connecting', reenter: true, actions: follow },
        ],
        // Who comes to an active call.
        'media.connected': { guard: 'isUp', target: 'active', actions: report },
      },
      after: outOfPatience,
    },
    active: {
      on: {
        'signaling.facts': [toRinging, toConnecting, toReconnecting],
        'media.disconnected': { guard: 'isDown', target: 'reconnecting', actions: report },
      },
    },
    /** Active for the server, but no other device is there with its media. */
    reconnecting: {
      on: {
        'signaling.facts': [toRinging, toConnecting, toActive],
        // Entered again, so that the wait starts when the server was lost, not when media was.
        'signaling.connection': {
          target: 'reconnecting',
          reenter: true,
          actions: 'takeConnection',
        },
        'media.connected': { guard: 'isUp', target: 'active', actions: report },
      },
      after: { lost: { guard: 'isOffline', target: 'ending', actions: outOfReach } },
    },
    /** Ended here; media is closed. Kept while the server's word on how it ended is due. */
    ending: {
      entry: 'closeMedia',
      always: [
        { guard: 'isOwing', actions: ['tellOwed', 'dropOwed'] },
        { guard: 'isSettled', target: 'ended' },
      ],
      on: {
        'signaling.facts': [
          { guard: 'isOld' },
          { guard: 'isOver', actions: 'settle' },
          { actions: 'takeFacts' },
        ],
        // The hang-up was for a call that had moved: it has to reach the other one.
        'signaling.moved': [
          { guard: 'isOver', actions: ['tell', 'settle'] },
          { actions: ['tell', 'takeFacts', 'hangUp'] },
        ],
        'signaling.connection': { actions: 'takeConnection' },
        'signaling.refused': [
          { guard: 'isDeclineLate', actions: 'hangUp' },
          { guard: 'isEndRefused', actions: 'correctEnd' },
          outcome,
        ],
        'signaling.done': outcome,
        'user.request': { actions: 'takeRequest' },
        'port.threw': { actions: ['stopWaiting', 'tell'] },
        '*': {},
      },
      after: { settling: { actions: 'stopWaiting' } },
    },
    ended: { type: 'final', entry: 'closeSignaling' },
  },
});

/** A running {@link callMachine}. */
export type CallActor = ActorRefFrom<typeof callMachine>;
/** What a {@link CallActor} tells its subscribers; read it with {@link callView}. */
export type CallSnapshot = SnapshotFrom<typeof callMachine>;

/** The names of the machine's states. `starting` is left at once; `ending` is shown as ended. */
export type MachineState = CallSnapshot['value'];
