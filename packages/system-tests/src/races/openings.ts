/* How a race begins: who rings, who talks. The network is well until then. */
import type { CallEvent } from '@ringfence/call-rules';
import type { Call } from '@ringfence/phone';
import type { StoredCall } from '../simulator/store.ts';
import type { Party } from './party.ts';
import type { Stage } from './stage.ts';

/** One dials; every device of the other rings. */
export async function dialed(stage: Stage, from: string, to: readonly string[]): Promise<Call> {
  const parties = to.map((name) => stage.party(name));
  const call = await stage.party(from).dial(parties[0]!);
  await stage.reach('the devices ring', () =>
    parties.every((party) => party.newest?.id === call.id && party.newest.state === 'ringing'),
  );
  await stage.reach('the caller hears it', () => call.state === 'ringing');
  return call;
}

/** Two talk. */
export async function talking(
  stage: Stage,
  from: string,
  to: string,
): Promise<readonly [ours: Call, theirs: Call]> {
  const ours = await dialed(stage, from, [to]);
  const theirs = stage.party(to).newest!;
  theirs.accept();
  await stage.reach('both talk', () => ours.state === 'active' && theirs.state === 'active');
  return [ours, theirs];
}

/** Alice talks with Carol, and holds Bob. */
export async function consulted(stage: Stage): Promise<readonly [held: Call, consultation: Call]> {
  const [held, theirs] = await talking(stage, 'a1', 'b1');
  const [consultation] = await talking(stage, 'a1', 'c1');
  await stage.reach('bob is held', () => theirs.holding === 'remote');
  return [held, consultation];
}

/** Alice has passed Bob on to Carol: he waits in his call, `theirs`, and it rings at her. */
export async function passedOn(
  stage: Stage,
): Promise<{ readonly bob: Party; readonly carol: Party; readonly theirs: Call }> {
  const [alice, bob, carol] = [stage.party('a1'), stage.party('b1'), stage.party('c1')];
  const [ours, theirs] = await talking(stage, 'a1', 'b1');
  await alice.ask('transfers', () => ours.transfer(`user:${carol.userId}`));
  await stage.reach('carol rings', () => carol.newest?.state === 'ringing');
  await stage.reach('bob waits', () => theirs.state === 'ringing');
  return { bob, carol, theirs };
}

/** The one call of a round. */
export function onlyCall(stage: Stage): StoredCall {
  const { calls } = stage;
  if (calls.length !== 1) throw new Error(`unable to read the round; it has ${calls.length} calls`);
  return calls[0]!;
}

/** The first event of a kind in a call. */
export function firstEvent(
  stage: Stage,
  callId: string,
  type: CallEvent['type'],
): CallEvent | undefined {
  const call = stage.calls.find((each) => each.callId === callId);
  return call?.events.find((event) => event.type === type);
}
