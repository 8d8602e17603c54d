import { decide, defaultSettings, resolveDeadlines } from '@ringfence/call-rules';
import type { Actor, CallFacts, Circumstances, UserCommand } from '@ringfence/call-rules';

/** The facts a caller hears of in a call that is answered, talked in and hung up, in order. */
export interface TalkedCall {
  readonly callId: string;
  readonly dialed: CallFacts;
  readonly ringing: CallFacts;
  readonly connecting: CallFacts;
  /** The callee's media came first. */
  readonly calleeConnected: CallFacts;
  readonly active: CallFacts;
  readonly ended: CallFacts;
}

const caller: Actor = { orgId: 'acme', userId: 'alice', deviceId: 'alice-laptop' };
const callee: Actor = { orgId: 'acme', userId: 'bob', deviceId: 'bob-phone' };
const deadlines = resolveDeadlines();
const reach: Circumstances['reach'] = (userId) => ({
  deviceIds: userId === callee.userId ? [callee.deviceId] : [],
  busy: false,
  settings: defaultSettings,
});

const connected = (legId: string): UserCommand => ({
  type: 'call.media',
  mediaEpoch: 1,
  legId,
  connected: true,
});

/** Makes call number `number` by the rules, with rows of its own. */
export function talkedCall(number: number): TalkedCall {
  const callId = `018f0000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
  let facts: CallFacts | null = null;
  let now = 1_700_000_000_000;
  const step = (actor: Actor, command: UserCommand): CallFacts => {
    now += 100;
    const decision = decide(facts, actor, command, { callId, now, deadlines, reach });
    if (decision.refusal !== undefined) throw new Error(`refused; ${decision.refusal.code}`);
    facts = decision.facts;
    return facts!;
  };
  return {
    callId,
    dialed: step(caller, {
      type: 'call.dial',
      to: 'user:bob',
      media: { audio: true, video: true },
    }),
    ringing: step(callee, { type: 'call.ring' }),
    connecting: step(callee, { type: 'call.accept' }),
    calleeConnected: step(callee, connected('l1')),
    active: step(caller, connected('l2')),
    ended: step(caller, { type: 'call.hang-up' }),
  };
}
