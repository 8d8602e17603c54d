/*
 * The peer of the machine benchmark: the graph of `callMachine` with the same guards, context and
 * delays, written straight in XState the way a user of XState would write it for one product, with
 * effects that do nothing. machine-peer.test.ts holds its graph to the real one.
 */
import { assign, setup } from 'xstate';
import type {
  CallCommand,
  CallContext,
  CallEnd,
  CallEvent,
  CallInput,
} from '@ringfence/call-machine';
import type { CallFacts, Leg } from '@ringfence/call-rules';

interface Asked {
  context: CallContext;
  event: CallEvent;
}

const nothing = (): void => {};

const finalCodes = new Set([
  'call_not_found',
  'call_ended',
  'answered_elsewhere',
  'leg_lost',
  'deadline_passed',
  'wrong_state',
]);

const openCodes = new Set(['store_unavailable', 'internal', 'invalid_answer']);

const legOf = (facts: CallFacts | null, legId: string): Leg | undefined =>
  facts?.legs.find((leg) => leg.id === legId);

function peerOf(facts: CallFacts | null, legId: string): Leg | undefined {
  const own = legOf(facts, legId);
  return facts?.legs.find((leg) => leg.state === 'won' && leg.participantId !== own?.participantId);
}

function newFacts({ context, event }: Asked): CallFacts | null {
  if (event.type !== 'signaling.facts') return null;
  const known = context.facts;
  return known === null || event.facts.call.seq > known.call.seq ? event.facts : null;
}

function endOf(facts: CallFacts, legId: string): CallEnd | null {
  const { call } = facts;
  const own = legOf(facts, legId);
  if (own?.state === 'lost') {
    const reason = own.lostReason;
    if (reason === 'answered-elsewhere' || reason === 'declined-elsewhere') {
      return { reason, cause: null, by: 'local' };
    }
    const participant = facts.participants.find((each) => each.id === own.participantId);
    if (typeof participant?.wonLegId === 'string') {
      return { reason: 'answered-elsewhere', cause: null, by: 'local' };
    }
  }
  if (call.state !== 'ended') return null;
  let by: CallEnd['by'] = null;
  if (call.endedBy !== null) by = call.endedBy === own?.participantId ? 'local' : 'remote';
  return { reason: call.endReason!, cause: call.endCause, by };
}

function isDown({ context, event }: Asked): boolean {
  const facts = newFacts({ context, event });
  if (facts?.call.state !== 'active') return false;
  const flowing = context.flowing && facts.call.mediaEpoch === context.facts?.call.mediaEpoch;
  return !flowing || peerOf(facts, context.legId)?.silent === true;
}

const isOtherEpoch = ({ context, event }: Asked): boolean =>
  'mediaEpoch' in event && event.mediaEpoch !== context.facts?.call.mediaEpoch;

const isRefused = ({ event }: Asked, command: CallCommand['type']): boolean =>
  event.type === 'signaling.refused' && event.command === command;
const isFinal = ({ event }: Asked): boolean =>
  event.type === 'signaling.refused' && finalCodes.has(event.code);
const isOpen = ({ event }: Asked): boolean =>
  event.type === 'signaling.refused' && openCodes.has(event.code);
const isExpired = ({ event }: Asked): boolean =>
  event.type === 'signaling.refused' && event.code === 'request_expired';

const defaultTuning = { dialMs: 10_000, backstopMs: 10_000, lostMs: 60_000, settleMs: 2_000 };

function makeContext({ input }: { input: CallInput }): CallContext {
  const outgoing = input.direction === 'outgoing';
  const kinds = outgoing ? (input.kinds ?? { audio: true, video: false }) : input.facts.call.media;
  return {
    callId: outgoing ? input.callId : input.facts.call.id,
    direction: input.direction,
    legId: outgoing ? 'l1' : input.legId,
    peer: outgoing ? input.to : input.facts.participants[0]!.address,
    kinds,
    tuning: defaultTuning,
    signaling: input.signaling,
    media: input.media,
    facts: outgoing ? null : input.facts,
    connected: true,
    flowing: false,
    captured: false,
    held: false,
    muted: false,
    camera: outgoing && kinds.video,
    end: null,
    awaiting: false,
  };
}

const follow = ['follow', 'takeFacts'] as const;
const outOfReach = ['giveUp', 'hangUp'] as const;
const outOfPatience = { patience: { target: 'ending', actions: outOfReach } } as const;

/** The peer. Takes the input and the events of `callMachine`. */
export const peerMachine = setup({
  types: {} as {
    context: CallContext;
    events: CallEvent;
    input: CallInput;
    output: CallEnd;
  },
  guards: {
    isIncoming: ({ context }) => context.direction === 'incoming',
    isOld: (asked) => newFacts(asked) === null,
    isOver: (asked) => {
      const facts = newFacts(asked);
      return facts !== null && endOf(facts, asked.context.legId) !== null;
    },
    isFirst: (asked) => asked.context.facts === null && newFacts(asked)?.call.state === 'ringing',
    isRinging: (asked) => {
      const facts = newFacts(asked);
      return (
        facts !== null &&
        facts.call.state === 'ringing' &&
        facts.participants.some(({ role, state }) => role === 'callee' && state === 'ringing')
      );
    },
    isAnswered: (asked) => {
      const facts = newFacts(asked);
      return (
        facts !== null &&
        (facts.call.state === 'connecting' || facts.call.state === 'active') &&
        legOf(facts, asked.context.legId)?.state === 'won'
      );
    },
    isUp: (asked) => newFacts(asked)?.call.state === 'active' && !isDown(asked),
    isDown,
    isOtherEpoch,
    isBack: (asked) =>
      !isOtherEpoch(asked) && peerOf(asked.context.facts, asked.context.legId)?.silent !== true,
    isOffline: ({ context }) => !context.connected,
    isSettled: ({ context }) => !context.awaiting || !context.connected,
    isDialRefused: (asked) => isRefused(asked, 'call.dial'),
    isDialExpired: (asked) => isRefused(asked, 'call.dial') && isExpired(asked),
    isDialOpen: (asked) => isRefused(asked, 'call.dial') && isOpen(asked),
    isAcceptExpired: (asked) => isRefused(asked, 'call.accept') && isExpired(asked),
    isUpdateRefused: (asked) => isRefused(asked, 'call.update'),
    isAcceptRefused: (asked) => isRefused(asked, 'call.accept'),
    isRingLost: (asked) => isRefused(asked, 'call.ring') && isFinal(asked),
    isAcceptLost: (asked) => isRefused(asked, 'call.accept') && isFinal(asked),
    isEndRefused: (asked) => isRefused(asked, 'call.hang-up') || isRefused(asked, 'call.decline'),
  },
  delays: {
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
    openPorts: nothing,
    closeMedia: nothing,
    closeSignaling: nothing,
    acquire: nothing,
    dial: nothing,
    ring: nothing,
    accept: nothing,
    decline: nothing,
    hangUp: nothing,
    reportMedia: nothing,
    controlMedia: nothing,
    sendUpdate: nothing,
    sendCameraOff: nothing,
    follow: nothing,
    tell: nothing,
    takeFacts: assign(({ context, event }) => {
      if (event.type !== 'signaling.facts') return {};
      const { facts } = event;
      const sameEpoch = facts.call.mediaEpoch === context.facts?.call.mediaEpoch;
      return sameEpoch ? { facts } : { facts, flowing: false };
    }),
    settle: assign(({ context, event }) =>
      event.type === 'signaling.facts'
        ? { facts: event.facts, end: endOf(event.facts, context.legId), awaiting: false }
        : {},
    ),
    takeConnection: assign(({ event }) =>
      event.type === 'signaling.connection' ? { connected: event.connected } : {},
    ),
    takeMedia: assign(({ event }) => ({ flowing: event.type === 'media.connected' })),
    takeCapture: assign({ captured: true }),
    takeKinds: assign(({ context, event }) => {
      const kinds = (event.type === 'user.accept' ? event.kinds : undefined) ?? context.kinds;
      return { kinds, camera: kinds.video };
    }),
    takeUpdate: assign(({ context, event }) =>
      event.type === 'user.update'
        ? {
            held: event.held ?? context.held,
            muted: event.muted ?? context.muted,
            camera: event.camera ?? context.camera,
          }
        : {},
    ),
    rollBack: assign(({ context }) => {
      const own = legOf(context.facts, context.legId);
      return own === undefined
        ? {}
        : {
            held: context.held || own.held,
            muted: context.muted || own.muted,
            camera: context.camera && own.camera,
          };
    }),
    dropCamera: assign({ camera: false }),
    endByUser: assign(({ context }) => {
      const unanswered = context.facts === null || context.facts.call.state === 'ringing';
      const refusal = context.direction === 'outgoing' ? 'canceled' : 'declined';
      const reason = unanswered ? refusal : 'completed';
      return { end: { reason, cause: null, by: 'local' } as const, awaiting: true };
    }),
    endByMedia: assign(({ event }) => ({
      end: {
        reason: 'failed',
        cause: 'cause' in event ? (event.cause ?? null) : null,
        by: 'local',
      } as const,
      awaiting: true,
    })),
    endByPort: assign({
      end: { reason: 'failed', cause: 'internal', by: 'local' } as const,
      awaiting: false,
    }),
    giveUp: assign(({ context }) => ({
      end: {
        reason: 'failed',
        cause: context.facts?.call.state === 'connecting' ? 'media_timeout' : null,
        by: null,
        code: 'server_unreachable',
      } as const,
      awaiting: false,
    })),
    endByRefusal: assign(({ event }) => {
      if (event.type !== 'signaling.refused') return {};
      const { code, command } = event;
      let reason: CallEnd['reason'] = 'failed';
      if (code === 'answered_elsewhere') reason = 'answered-elsewhere';
      if (code === 'deadline_passed') reason = 'unanswered';
      const by = reason === 'answered-elsewhere' ? 'local' : null;
      return { end: { reason, cause: null, by, code }, awaiting: command !== 'call.dial' };
    }),
    correctEnd: assign(({ event }) => {
      const elsewhere = event.type === 'signaling.refused' && event.code === 'answered_elsewhere';
      if (!elsewhere) return { awaiting: false };
      const end: CallEnd = { reason: 'answered-elsewhere', cause: null, by: 'local' };
      return { end, awaiting: false };
    }),
    stopWaiting: assign({ awaiting: false }),
  },
}).createMachine({
  id: 'call',
  context: makeContext,
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
    'media.camera-refused': { actions: ['dropCamera', 'controlMedia', 'sendCameraOff', 'tell'] },
    'user.hang-up': { target: '.ending', actions: ['endByUser', 'hangUp'] },
    'user.update': { actions: ['takeUpdate', 'controlMedia', 'sendUpdate'] },
    'port.threw': { target: '#call.ending', actions: ['endByPort', 'hangUp', 'tell'] },
  },
  states: {
    starting: {
      always: [
        { guard: 'isIncoming', target: 'ringing', actions: 'ring' },
        { target: 'preparing' },
      ],
    },
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
    reconnecting: {
      on: {
        'signaling.facts': { guard: 'isUp', target: 'active', actions: follow },
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
