/*
 * What a child process takes over from how this one was started: conditions, loaders and type
 * stripping, so that a child runs its sources as its host does.
 */

/** Options that belong to one process alone. Those with `true` may have their value apart. */
const notInherited: Readonly<Record<string, boolean>> = {
  '-e': true,
  '--eval': true,
  '-p': true,
  '--print': true,
  '-pe': true,
  '-c': false,
  '--check': false,
  '-i': false,
  '--interactive': false,
  '--input-type': true,
  '--test': false,
  '--watch': false,
  '--watch-path': true,
  '--inspect': false,
  '--inspect-brk': false,
  '--inspect-wait': false,
  '--inspect-port': true,
  '--cpu-prof': false,
  '--heap-prof': false,
  '--max-old-space-size': false,
  '--max-semi-space-size': false,
};

/** The options of `execArgv` that a child process is to have as well. */
export function inheritedArguments(execArgv: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < execArgv.length; index += 1) {
    const argument = execArgv[index]!;
    const name = argument.replace(/=.*$/s, '').replaceAll('_', '-');
    if (!Object.hasOwn(notInherited, name)) kept.push(argument);
    else if (notInherited[name] && !argument.includes('=')) index += 1;
  }
  return kept;
}
