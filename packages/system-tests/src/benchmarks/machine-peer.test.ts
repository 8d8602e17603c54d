import { expect, test } from 'vitest';
import { callMachine } from '@ringfence/call-machine';
import { peerMachine } from './machine-peer.ts';

/** The graph of a machine as plain data: names of states, guards, actions and delays. */
function graphOf(machine: { readonly config: unknown }): unknown {
  return JSON.parse(JSON.stringify(machine.config)) as unknown;
}

test('the peer has the graph of the call machine', () => {
  expect(graphOf(peerMachine)).toEqual(graphOf(callMachine));
});

test('the peer has its guards, delays and actions by the same names', () => {
  const names = (machine: typeof callMachine | typeof peerMachine) => ({
    guards: Object.keys(machine.implementations.guards).sort(),
    delays: Object.keys(machine.implementations.delays).sort(),
    actions: Object.keys(machine.implementations.actions).sort(),
  });
  expect(names(peerMachine)).toEqual(names(callMachine));
});
