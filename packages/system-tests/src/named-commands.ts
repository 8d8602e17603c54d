/** What a named command is started with. */
interface CommandContext {
  /** Fewer rounds: an answer in under 50 s, with wider intervals. */
  readonly quick: boolean;
  /** Writes a line for people. */
  readonly print: (line: string) => void;
}

/** What a named command found. `figures` goes into the JSON line as it stands. */
interface CommandResult {
  readonly ok: boolean;
  readonly figures: Readonly<Record<string, unknown>>;
}

export type NamedCommand = (context: CommandContext) => Promise<CommandResult>;

/** The commands of one family, by name. Each is loaded only when it is asked for. */
export type NamedCommands = Readonly<Record<string, () => Promise<NamedCommand>>>;

const EXIT_MISSED = 1;
const EXIT_USAGE = 2;

/**
 * Runs one command of a family: `NAME [--quick]`. What it prints is for people; the last line is
 * one JSON object `{ name, ok, ...figures }`.
 *
 * @returns the exit code: 0 when its bounds hold, 1 when one is missed or it broke, 2 when the
 * arguments name no command. Without a name it lists the known ones and runs nothing.
 */
export async function runNamedCommand(
  family: string,
  commands: NamedCommands,
  args: readonly string[],
  print: (line: string) => void,
): Promise<number> {
  const names = Object.keys(commands);
  const known = `known: ${names.length === 0 ? 'none yet' : names.join(', ')}`;
  const flags = args.filter((arg) => arg.startsWith('--'));
  const [name, ...more] = args.filter((arg) => !arg.startsWith('--'));
  const strange = flags.find((flag) => flag !== '--quick') ?? more[0];
  if (name === undefined) {
    print(`usage: npm run ${family} -- NAME [--quick]; ${known}`);
    return flags.includes('--help') ? 0 : EXIT_USAGE;
  }
  if (strange !== undefined) {
    print(`unable to run ${family}; ${strange} is neither --quick nor the one name`);
    return EXIT_USAGE;
  }
  if (!Object.hasOwn(commands, name)) {
    print(`unable to run ${family} ${name}; there is no such name; ${known}`);
    return EXIT_USAGE;
  }
  let result: CommandResult;
  try {
    const command = await commands[name]!();
    result = await command({ quick: flags.includes('--quick'), print });
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    print(error.stack ?? error.message);
    result = { ok: false, figures: { error: error.message } };
  }
  print(JSON.stringify({ name, ok: result.ok, ...result.figures }));
  return result.ok ? 0 : EXIT_MISSED;
}
