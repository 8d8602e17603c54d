/*
 * The peer of the machine benchmark: the graph of `callMachine` with the same guards, context and
 * delays, written straight in XState the way a user of XState would write it for one product, with
 * effects that do nothing. machine-peer.test.ts holds its graph to the real one.
 */
import { assign, emit, setup } from 'xstate';
import type {
  CallCommand,
  CallContext,
  CallEmitted,
  CallEnd,
  CallEvent,
  CallInput,
} from '@ringfence/call-machine';
import type { CallFacts, Leg, Participant } from '@ringfence/call-rules';

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

const ownerOf = (facts: CallFacts, leg: Leg): Participant | undefined =>
  facts.participants.find((each) => each.id === leg.participantId);

function hasJoined(facts: CallFacts | null, leg: Leg | undefined): boolean {
  return (
    facts !== null &&
    leg !== undefined &&
    leg.state === 'won' &&
    ownerOf(facts, leg)?.state === 'joined'
  );
}

function othersOf(facts: CallFacts | null, legId: string): Leg[] {
  if (facts === null || !hasJoined(facts, legOf(facts, legId))) return [];
  return facts.legs.filter((leg) => leg.id !== legId && hasJoined(facts, leg));
}

function addressOf(facts: CallFacts, legId: string): CallContext['peer'] | undefined {
  const own = legOf(facts, legId);
  const present = facts.participants.filter(
    (each) => each.id !== own?.participantId && each.state !== 'left',
  );
  return (present.find((each) => each.state === 'joined') ?? present[0])?.address;
}

function newFacts({ context, event }: Asked): CallFacts | null {
  if (event.type === 'signaling.moved') return event.facts;
  if (event.type !== 'signaling.facts') return null;
  const known = context.facts;
  return known === null || event.facts.call.seq > known.call.seq ? event.facts : null;
}

const newLegId = ({ context, event }: Asked): string =>
  event.type === 'signaling.moved' ? event.legId : context.legId;

function flowAfter(flowing: readonly string[], type: string, peerLegId: string | undefined) {
  const rest = flowing.filter((id) => id !== peerLegId);
  return type === 'media.connected' && peerLegId !== undefined ? [...rest, peerLegId] : rest;
}

function isStray({ context, event }: Asked): boolean {
  if (event.type !== 'media.connected' && event.type !== 'media.disconnected') return false;
  if (event.mediaEpoch !== context.facts?.call.mediaEpoch) return true;
  return !othersOf(context.facts, context.legId).some((leg) => leg.id === event.peerLegId);
}

/** Where the event leaves this leg. */
function placeAfter({ context, event }: Asked): string | null {
  let { facts, flowing } = context;
  if (event.type === 'signaling.moved') {
    facts = event.facts;
    flowing = [];
  } else if (event.type === 'signaling.facts') {
    facts = newFacts({ context, event });
    if (facts?.call.mediaEpoch !== context.facts?.call.mediaEpoch) flowing = [];
  } else if (event.type === 'media.connected' || event.type === 'media.disconnected') {
    if (isStray({ context, event })) return null;
    flowing = flowAfter(flowing, event.type, event.peerLegId);
  }
  if (facts === null || facts.call.state === 'ended') return null;
  const legId = newLegId({ context, event });
  const own = legOf(facts, legId);
  if (own === undefined || !hasJoined(facts, own)) return null;
  if (facts.call.state !== 'active') return facts.call.state;
  const isUp = othersOf(facts, legId).some((leg) => !leg.silent && flowing.includes(leg.id));
  if (isUp) return 'active';
  return own.connectDeadlineAt === null ? 'reconnecting' : 'connecting';
}

function dueAt(facts: CallFacts | null, legId: string): number {
  if (facts === null) return 0;
  const own = legOf(facts, legId);
  if (facts.call.state !== 'ringing' && hasJoined(facts, own)) {
    return facts.call.connectDeadlineAt ?? own?.connectDeadlineAt ?? 0;
  }
  let due = 0;
  for (const { state, ringDeadlineAt } of facts.participants) {
    if (state !== 'invited' && state !== 'ringing') continue;
    if (ringDeadlineAt !== null && ringDeadlineAt > due) due = ringDeadlineAt;
  }
  return due;
}

function waitMs(facts: CallFacts, legId: string): number {
  let since = facts.call.answeredAt ?? facts.call.createdAt;
  for (const { leftAt, connectedAt } of facts.participants) {
    since = Math.max(since, leftAt ?? 0, connectedAt ?? 0);
  }
  const due = dueAt(facts, legId);
  return due === 0 ? 300_000 : Math.min(Math.max(0, due - since), 300_000);
}

function endOf(facts: CallFacts, legId: string): CallEnd | null {
  const { call } = facts;
  const own = legOf(facts, legId);
  const self = own && ownerOf(facts, own);
  if (own?.state === 'lost') {
    const reason = own.lostReason;
    const winner = legOf(facts, self?.wonLegId ?? '');
    if (winner !== undefined && reason !== 'busy') {
      const { deviceId: answeredBy } = winner;
      return { reason: 'answered-elsewhere', cause: null, by: 'local', answeredBy };
    }
    if (reason === 'busy' || reason === 'declined-elsewhere') {
      return { reason, cause: null, by: 'local' };
    }
  }
  const sideOf = (id: string | null): CallEnd['by'] => {
    if (id === null) return null;
    return id === self?.id ? 'local' : 'remote';
  };
  if (self?.state === 'left') {
    return { reason: self.leftReason!, cause: self.leftCause, by: sideOf(self.leftBy) };
  }
  if (call.state !== 'ended') return null;
  return { reason: call.endReason!, cause: call.endCause, by: sideOf(call.endedBy) };
}

function isOver(asked: Asked): boolean {
  const facts = newFacts(asked);
  return facts !== null && endOf(facts, newLegId(asked)) !== null;
}

const isSettled = ({ context }: Asked): boolean => !context.awaiting || !context.connected;

const isRefused = ({ event }: Asked, command: CallCommand['type']): boolean =>
  event.type === 'signaling.refused' && event.command === command;
const isFinal = ({ event }: Asked): boolean =>
  event.type === 'signaling.refused' && finalCodes.has(event.code);
const isOpen = ({ event }: Asked): boolean =>
  event.type === 'signaling.refused' && openCodes.has(event.code);
const hasCode = ({ event }: Asked, code: string): boolean =>
  event.type === 'signaling.refused' && event.code === code;

const defaultTuning = { dialMs: 10_000, backstopMs: 10_000, lostMs: 60_000, settleMs: 2_000 };

function makeContext({ input }: { input: CallInput }): CallContext {
  const outgoing = input.direction === 'outgoing';
  const kinds = outgoing ? (input.kinds ?? { audio: true, video: false }) : input.facts.call.media;
  const isMoved = !outgoing && hasJoined(input.facts, legOf(input.facts, input.legId));
  return {
    callId: outgoing ? input.callId : input.facts.call.id,
    direction: input.direction,
    legId: outgoing ? 'l1' : input.legId,
    peer: outgoing
      ? input.to
      : (addressOf(input.facts, input.legId) ?? input.facts.participants[0]!.address),
    kinds: isMoved ? { audio: true, video: false } : kinds,
    tuning: defaultTuning,
    signaling: input.signaling,
    media: input.media,
    facts: outgoing ? null : input.facts,
    connected: true,
    flowing: [],
    requests: [],
    captured: false,
    held: false,
    muted: isMoved,
    camera: outgoing && kinds.video,
    end: null,
    awaiting: false,
  };
}

function takeFacts({ context, event }: Asked): Partial<CallContext> {
  if (event.type !== 'signaling.facts' && event.type !== 'signaling.moved') return {};
  const { facts } = event;
  const legId = newLegId({ context, event });
  const peer = addressOf(facts, legId) ?? context.peer;
  const sameEpoch = facts.call.mediaEpoch === context.facts?.call.mediaEpoch;
  const flowing = sameEpoch && event.type === 'signaling.facts' ? context.flowing : [];
  return { facts, legId, peer, callId: facts.call.id, flowing };
}

function tell({ context, event }: Asked): CallEmitted {
  if (event.type === 'signaling.refused') return { ...event, type: 'call.refused' };
  if (event.type === 'signaling.done') return { type: 'request.done', ticket: event.ticket };
  if (event.type === 'signaling.moved') {
    return { type: 'call.moved', fromCallId: context.callId, toCallId: event.facts.call.id };
  }
  if (event.type === 'media.camera-refused') {
    return { type: 'call.refused', command: 'call.update', code: event.cause };
  }
  if (event.type === 'call.mute-requested') return event;
  return { type: 'port.threw', error: 'error' in event ? event.error : undefined };
}

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

/** The peer. Takes the input and the events of `callMachine`. */
export const peerMachine = setup({
  types: {} as {
    context: CallContext;
    events: CallEvent;
    input: CallInput;
    output: CallEnd;
    emitted: CallEmitted;
  },
  guards: {
    isIncoming: ({ context }) => context.direction === 'incoming',
    isOld: (asked) => newFacts(asked) === null,
    isOver,
    isOffered: (asked) => {
      const facts = newFacts(asked) ?? asked.context.facts;
      const legId = newLegId(asked);
      return (
        facts !== null && !hasJoined(facts, legOf(facts, legId)) && endOf(facts, legId) === null
      );
    },
    isTaken: (asked) => {
      const { captured, facts, legId } = asked.context;
      const news = newFacts(asked);
      const isIn = (of: CallFacts | null): boolean => hasJoined(of, legOf(of, legId));
      return !captured && !isIn(facts) && isIn(news);
    },
    isRenewed: (asked) => {
      const { facts, legId } = asked.context;
      return dueAt(newFacts(asked), legId) > dueAt(facts, legId) && !isOver(asked);
    },
    isRinging: (asked) => {
      if (placeAfter(asked) !== 'ringing') return false;
      const facts = newFacts(asked) ?? asked.context.facts!;
      return (
        facts.call.answeredAt !== null ||
        facts.participants.some((each) => each.state === 'ringing')
      );
    },
    isAnswered: (asked) => {
      const place = placeAfter(asked);
      return place !== null && place !== 'ringing';
    },
    isConnecting: (asked) => placeAfter(asked) === 'connecting',
    isUp: (asked) => placeAfter(asked) === 'active',
    isDown: (asked) => placeAfter(asked) === 'reconnecting',
    isStray,
    isBearable: ({ context, event }) => {
      if (event.type !== 'media.failed' || event.peerLegId === undefined) return false;
      const others = othersOf(context.facts, context.legId);
      if (!others.some((leg) => leg.id === event.peerLegId)) return true;
      const isFirst = Number(context.legId.slice(1)) < Number(event.peerLegId.slice(1));
      return (
        isFirst &&
        others.some((leg) => leg.id !== event.peerLegId && context.flowing.includes(leg.id))
      );
    },
    isOffline: ({ context }) => !context.connected,
    isSettled,
    isOwing: (asked) => isSettled(asked) && asked.context.requests.length > 0,
    isAsked: ({ context, event }) =>
      'ticket' in event && context.requests.some((each) => each.ticket === event.ticket),
    isTicketed: ({ event }) => 'ticket' in event && event.ticket !== undefined,
    isDialRefused: (asked) => isRefused(asked, 'call.dial'),
    isDialOpen: (asked) => isRefused(asked, 'call.dial') && isOpen(asked),
    isDialExpired: (asked) => isRefused(asked, 'call.dial') && hasCode(asked, 'request_expired'),
    isAcceptExpired: (asked) =>
      isRefused(asked, 'call.accept') && hasCode(asked, 'request_expired'),
    isAcceptRefused: (asked) => isRefused(asked, 'call.accept'),
    isAcceptLost: (asked) => isRefused(asked, 'call.accept') && isFinal(asked),
    isRingLost: (asked) => isRefused(asked, 'call.ring') && isFinal(asked),
    isUpdateRefused: (asked) => isRefused(asked, 'call.update'),
    isEndRefused: (asked) => isRefused(asked, 'call.hang-up') || isRefused(asked, 'call.decline'),
    isDeclineLate: (asked) => isRefused(asked, 'call.decline') && hasCode(asked, 'wrong_state'),
  },
  delays: {
    patience: ({ context: { facts, legId, tuning } }) =>
      facts === null ? tuning.dialMs : waitMs(facts, legId) + tuning.backstopMs,
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
    sendRequest: nothing,
    reportMedia: nothing,
    controlMedia: nothing,
    sendUpdate: nothing,
    sendCameraOff: nothing,
    follow: nothing,
    link: nothing,
    tell: emit(tell),
    tellOwed: emit(({ context }): CallEmitted => {
      const { ticket, request } = context.requests[0]!;
      const isDone =
        request.type === 'call.transfer'
          ? context.end?.reason === 'transferred'
          : request.type === 'call.remove' &&
            context.facts?.participants.some(
              (each) => each.id === request.participantId && each.state === 'left',
            );
      if (isDone) return { type: 'request.done', ticket };
      return { type: 'call.refused', command: request.type, code: 'call_ended', ticket };
    }),
    takeFacts: assign(takeFacts),
    settle: assign((asked) => {
      const { event } = asked;
      if (event.type !== 'signaling.facts' && event.type !== 'signaling.moved') return {};
      return { ...takeFacts(asked), end: endOf(event.facts, newLegId(asked)), awaiting: false };
    }),
    takeConnection: assign(({ event }) =>
      event.type === 'signaling.connection' ? { connected: event.connected } : {},
    ),
    takeMedia: assign(({ context, event }) =>
      'peerLegId' in event
        ? { flowing: flowAfter(context.flowing, event.type, event.peerLegId) }
        : {},
    ),
    takeCapture: assign({ captured: true }),
    takeKinds: assign(({ context, event }) => {
      const kinds = (event.type === 'user.accept' ? event.kinds : undefined) ?? context.kinds;
      return { kinds, camera: kinds.video, held: false };
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
    takeRequest: assign(({ context, event }) =>
      event.type === 'user.request'
        ? { requests: [...context.requests, { ticket: event.ticket, request: event.request }] }
        : {},
    ),
    dropRequest: assign(({ context, event }) =>
      'ticket' in event
        ? { requests: context.requests.filter((each) => each.ticket !== event.ticket) }
        : {},
    ),
    dropOwed: assign(({ context }) => ({ requests: context.requests.slice(1) })),
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
    endByUser: assign(({ context: { facts, legId }, event }) => {
      let reason: CallEnd['reason'] = 'completed';
      if (facts === null) reason = 'canceled';
      else if (!hasJoined(facts, legOf(facts, legId))) {
        reason = event.type === 'user.decline' && event.busy ? 'busy' : 'declined';
      } else if (facts.call.state === 'ringing') reason = 'canceled';
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
        { guard: 'isRinging', target: 'ringing', actions: 'acquire' },
        { guard: 'isAnswered', target: 'connecting', actions: 'acquire' },
        { guard: 'isIncoming', target: 'ringing', actions: 'ring' },
        { target: 'preparing' },
      ],
    },
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
    accepting: {
      entry: ['controlMedia', 'acquire'],
      on: {
        'media.acquired': { actions: ['takeCapture', 'accept'] },
        'signaling.facts': [toAnswered, toRinging],
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
    reconnecting: {
      on: {
        'signaling.facts': [toRinging, toConnecting, toActive],
        'signaling.connection': {
          target: 'reconnecting',
          reenter: true,
          actions: 'takeConnection',
        },
        'media.connected': { guard: 'isUp', target: 'active', actions: report },
      },
      after: { lost: { guard: 'isOffline', target: 'ending', actions: outOfReach } },
    },
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
