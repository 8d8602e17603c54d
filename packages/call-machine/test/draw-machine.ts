import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

const names = (list: readonly unknown[]): string[] =>
  list
    .map((each) => (typeof each === 'string' ? each : ((each as { type?: string }).type ?? '?')))
    // The timers XState starts and stops for `after`.
    .filter((name) => !name.startsWith('xstate.'));

/** `xstate.after.patience.call.dialing` is said as `after patience`. */
function eventName({ eventType }: AnyTransitionDefinition): string {
  const match = /^xstate\.after\.(\w+)\./.exec(eventType);
  if (match !== null) return `after ${match[1]}`;
  return eventType === '' ? 'always' : eventType;
}

function drawTransition(transition: AnyTransitionDefinition, sameEvent: boolean): string[] {
  const { guard, target, reenter, actions } = transition;
  const event = sameEvent ? '' : eventName(transition);
  const condition = typeof guard === 'string' ? `[${guard}]` : '';
  const goal = (target ?? []).map(({ key }) => `─▶ ${key}${reenter ? ' (anew)' : ''}`).join(' ');
  const done = names(actions).join(', ');
  const effect = done === '' && goal === '' ? 'nothing' : done;
  return [event, condition, goal, effect];
}

function drawState(node: AnyStateNode): string[][] {
  const head = [node.parent === undefined ? 'in any state' : node.key];
  if (node.type === 'final') head[0] += ' (final)';
  const rows: string[][] = [head];
  const entry = names(node.entry);
  if (entry.length > 0) rows.push(['on entry', '', '', entry.join(', ')]);
  let last = '';
  for (const transition of [...(node.always ?? []), ...[...node.transitions.values()].flat()]) {
    const event = eventName(transition);
    rows.push(drawTransition(transition, event === last));
    last = event;
  }
  return rows;
}

/**
 * Draws a flat machine in text: for each state what it does on entry, and for each event the
 * guards in the order they are asked, the state they lead to, and what is done on the way.
 */
export function drawMachine(machine: AnyStateMachine): string {
  const states = [...Object.values(machine.states), machine.root].map(drawState);
  const cells = states.flatMap((rows) => rows.slice(1));
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((cell) => cell[column]!.length)));
  const line = (cell: readonly string[]): string =>
    `  ${cell.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd();
  return states.map(([head, ...rows]) => [head![0]!, ...rows.map(line)].join('\n')).join('\n\n');
}
