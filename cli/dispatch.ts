import { type Command, parseCommandLine } from './command.ts';
import { commands } from './commands/index.ts';
import { exitCodeOf, exitCodes, formatError, usageError } from './exit.ts';
import { help } from './help.ts';
import type { Session } from './session.ts';

/** Runs one command line, the program's name left out. Errors are told, never thrown. @returns the exit code */
export const dispatch = async (argv: readonly string[], session: Session): Promise<number> => {
  try {
    const [name = 'help', ...rest] = argv.filter((arg) => arg !== '--verbose');
    if (name === 'help' || name === '--help' || name === '-h') return help(commands, rest[0], session);
    if (name === '--version') return await tellVersion(session);
    const command = await findCommand(name);
    if (rest.includes('--help') || rest.includes('-h')) return help(commands, name, session);
    const args = parseCommandLine(command, rest);
    return await (await command.load()).run(args, session);
  } catch (error) {
    session.note(formatError(error, session));
    return exitCodeOf(error);
  }
};

const tellVersion = async ({ json, print }: Session): Promise<number> => {
  const { formatVersion, versionOf } = await import('./version.ts');
  const version = await versionOf();
  print(json ? JSON.stringify(version) : formatVersion(version));
  return exitCodes.ok;
};

const findCommand = async (name: string): Promise<Command> => {
  const command = commands.find((each) => each.name === name);
  if (command) return command;
  const { suggest } = await import('../schemas/nearest.ts');
  const names = commands.map((each) => each.name);
  throw usageError(`there is no command ${name}`, suggest(name, names, 'commands'));
};
