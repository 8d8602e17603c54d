import { assign, emit, setup } from 'xstate';
import type { ActorRefFrom, SnapshotFrom } from 'xstate';
import { initialContext } from './context.ts';
import type { CallContext, CallEmitted, CallEnd, CallEvent, CallInput } from './context.ts';
import * as effects from './effects.ts';
import * as guards from './guards.ts';
import * as updates from './updates.ts';

/*
 * The call as one client sees and does it.
 *
 *   context.ts  what is remembered, and the events     guards.ts   when
 *   reading.ts  what the facts say to one leg          updates.ts  what changes
 *   view.ts     what a user sees                       effects.ts  what the ports are asked
 *
 * 1. Facts drive the state. A newer `seq` wins; older facts change nothing.
 * 2. What the user does is believed at once, and corrected by facts or taken back on a refusal.
 * 3. The ports are asked in effects only, and a port that throws ends this call and nothing else.
 * 4. Media ends the moment the call does, whatever the server says and whether it can be heard.
 * 5. Every wait has an end of its own on the clock, except the user's.
 *
 * The whole graph is drawn in docs/guides/call-machine.md, by a test.
 */
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
    patience: ({ context: { facts, tuning } }) => {
      if (facts === null) return tuning.dialMs;
      const { call, participants } = facts;
      if (call.connectDeadlineAt !== null && call.answeredAt !== null) {
        return call.connectDeadlineAt - call.answeredAt + tuning.backstopMs;
      }
      const deadlineAt = participants.find((each) => each.role === 'callee')?.ringDeadlineAt;
      return (deadlineAt ?? call.createdAt) - call.createdAt + tuning.backstopMs;
    },
    lost: ({ context }) => context.tuning.lostMs,
    settling: ({ context }) => context.tuning.settleMs,
  },
  actions: {
    openPorts: effects.openPorts,
    closeMedia: effects.closeMedia,
    closeSignaling: effects.closeSignaling,
    acquire: effects.acquire,
    dial: effects.dial,
    ring: effects.ring,
    accept: effects.accept,
    decline: effects.decline,
    hangUp: effects.hangUp,
    reportMedia: effects.reportMedia,
    controlMedia: effects.controlMedia,
    sendUpdate: effects.sendUpdate,
    sendCameraOff: effects.sendCameraOff,
    follow: effects.follow,
    takeFacts: assign(updates.takeFacts),
    settle: assign(updates.settle),
    takeConnection: assign(updates.takeConnection),
    takeCapture: assign(updates.takeCapture),
    takeMedia: assign(updates.takeMedia),
    takeKinds: assign(updates.takeKinds),
    takeUpdate: assign(updates.takeUpdate),
    rollBack: assign(updates.rollBack),
    dropCamera: assign(updates.dropCamera),
    endByUser: assign(updates.endByUser),
    endByMedia: assign(updates.endByMedia),
    endByPort: assign(updates.endByPort),
    endByRefusal: assign(updates.endByRefusal),
    giveUp: assign(updates.giveUp),
    correctEnd: assign(updates.correctEnd),
    stopWaiting: assign(updates.stopWaiting),
    tell: emit(({ event }): CallEmitted => {
      if (event.type === 'signaling.refused') {
        return { type: 'call.refused', command: event.command, code: event.code };
      }
      if (event.type === 'media.camera-refused') {
        return { type: 'call.refused', command: 'call.update', code: event.cause };
      }
      return { type: 'port.threw', error: 'error' in event ? event.error : undefined };
    }),
  },
});

const follow = ['follow', 'takeFacts'] as const;
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
    'signaling.connection': { actions: 'takeConnection' },
    'signaling.refused': [
      { guard: 'isUpdateRefused', actions: ['rollBack', 'controlMedia', 'tell'] },
      { actions: 'tell' },
    ],
    'media.connected': [{ guard: 'isOtherEpoch' }, { actions: ['takeMedia', 'reportMedia'] }],
    'media.disconnected': [{ guard: 'isOtherEpoch' }, { actions: ['takeMedia', 'reportMedia'] }],
    'media.refused': { target: '.ending', actions: ['endByMedia', 'hangUp'] },
    'media.failed': { target: '.ending', actions: ['endByMedia', 'hangUp'] },
    'media.camera-refused': {
      actions: ['dropCamera', 'controlMedia', 'sendCameraOff', 'tell'],
    },
    'user.hang-up': { target: '.ending', actions: ['endByUser', 'hangUp'] },
    'user.update': { actions: ['takeUpdate', 'controlMedia', 'sendUpdate'] },
    'port.threw': broken,
  },
  states: {
    starting: {
      always: [
        { guard: 'isIncoming', target: 'ringing', actions: 'ring' },
        { target: 'preparing' },
      ],
    },
    /** Outgoing: the microphone is being asked for. Nobody was told of the call yet. */
    preparing: {
      entry: 'acquire',
      on: {
        'media.acquired': { target: 'dialing', actions: 'dial' },
        'media.refused': { target: 'ending', actions: ['endByMedia', 'stopWaiting'] },
        'media.failed': { target: 'ending', actions: ['endByMedia', 'stopWaiting'] },
        'user.hang-up': { target: 'ending', actions: ['endByUser', 'stopWaiting'] },
        'port.threw': { target: 'ending', actions: ['endByPort', 'tell'] },
      },
    },
    dialing: {
      on: {
        'signaling.facts': [
          { guard: 'isAnswered', target: 'connecting', actions: follow },
          { guard: 'isRinging', target: 'ringing', actions: follow },
          // Entered again, so that patience is measured anew by the deadlines of the facts.
          { guard: 'isFirst', target: 'dialing', reenter: true, actions: follow },
        ],
        'signaling.refused': [
          { guard: 'isDialExpired', target: 'ending', actions: outOfReach },
          { guard: 'isDialOpen', target: 'ending', actions: ['endByRefusal', 'hangUp', 'tell'] },
          { guard: 'isDialRefused', target: 'ending', actions: ['endByRefusal', 'tell'] },
        ],
      },
      after: outOfPatience,
    },
    ringing: {
      on: {
        'signaling.facts': { guard: 'isAnswered', target: 'connecting', actions: follow },
        'signaling.refused': {
          guard: 'isRingLost',
          target: 'ending',
          actions: ['endByRefusal', 'tell'],
        },
        'user.accept': { guard: 'isIncoming', target: 'accepting', actions: 'takeKinds' },
        'user.decline': {
          guard: 'isIncoming',
          target: 'ending',
          actions: ['endByUser', 'decline'],
        },
      },
      after: outOfPatience,
    },
    /** Incoming: the user said yes; the microphone, then the server, are being asked. */
    accepting: {
      entry: ['controlMedia', 'acquire'],
      on: {
        'media.acquired': { actions: ['takeCapture', 'accept'] },
        'signaling.facts': { guard: 'isAnswered', target: 'connecting', actions: follow },
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
          { guard: 'isUp', target: 'active', actions: follow },
          { guard: 'isDown', target: 'reconnecting', actions: follow },
        ],
      },
      after: outOfPatience,
    },
    active: {
      on: {
        'signaling.facts': { guard: 'isDown', target: 'reconnecting', actions: follow },
        'media.disconnected': [
          { guard: 'isOtherEpoch' },
          { target: 'reconnecting', actions: ['takeMedia', 'reportMedia'] },
        ],
      },
    },
    /** Active for the server, but the other device is silent or media does not flow. */
    reconnecting: {
      on: {
        'signaling.facts': { guard: 'isUp', target: 'active', actions: follow },
        // Entered again, so that the wait starts when the server was lost, not when media was.
        'signaling.connection': {
          target: 'reconnecting',
          reenter: true,
          actions: 'takeConnection',
        },
        'media.connected': {
          guard: 'isBack',
          target: 'active',
          actions: ['takeMedia', 'reportMedia'],
        },
      },
      after: { lost: { guard: 'isOffline', target: 'ending', actions: outOfReach } },
    },
    /** Ended here; media is closed. Kept while the server's word on how it ended is due. */
    ending: {
      entry: 'closeMedia',
      always: { guard: 'isSettled', target: 'ended' },
      on: {
        'signaling.facts': [
          { guard: 'isOld' },
          { guard: 'isOver', actions: 'settle' },
          { actions: 'takeFacts' },
        ],
        'signaling.connection': { actions: 'takeConnection' },
        'signaling.refused': { guard: 'isEndRefused', actions: 'correctEnd' },
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
