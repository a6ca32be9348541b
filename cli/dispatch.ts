import { interruption } from '../client/caller.ts';
import { usageError } from '../client/usage-error.ts';
import { type Command, parseCommandLine } from './command.ts';
import { commands } from './commands/index.ts';
import { auditCodes, exitCodeOf, exitCodes, formatError } from './exit.ts';
import { help } from './help.ts';
import type { Session } from './session.ts';

/** Runs one command line, the program's name left out. Errors are printed, never thrown. @returns the exit code */
export const dispatch = async (argv: readonly string[], session: Session): Promise<number> => {
  const [name = 'help', ...rest] = argv.filter((arg) => arg !== '--verbose');
  try {
    if (name === 'help' || name === '--help' || name === '-h') return help(commands, rest[0], session);
    if (name === '--version') return await tellVersion(session);
    const command = await findCommand(name);
    if (rest.includes('--help') || rest.includes('-h')) return help(commands, name, session);
    const args = parseCommandLine(command, rest);
    const running = (await command.load()).run(args, session);
    return await (command.stopsAtOnce ? Promise.race([running, stopped(session)]) : running);
  } catch (error) {
    session.note(formatError(error, session));
    return commands.find((each) => each.name === name)?.bits ? auditCodes.couldNotRun : exitCodeOf(error);
  }
};

const stopped = async (session: Session): Promise<number> => {
  await interruption({ signal: session.interrupted });
  session.note('interrupted');
  return exitCodes.interrupted;
};

const tellVersion = async ({ json, print }: Session): Promise<number> => {
  const { formatVersion } = await import('./view/format.ts');
  const { versionOf } = await import('../client/version.ts');
  const version = await versionOf();
  print(json ? JSON.stringify(version) : formatVersion(version));
  return exitCodes.ok;
};

const findCommand = async (name: string): Promise<Command> => {
  const command = commands.find((each) => each.name === name);
  if (command) return command;
  const { suggest } = await import('../core/nearest.ts');
  const names = commands.map((each) => each.name);
  throw usageError(`there is no command ${name}`, suggest(name, names, 'commands'));
};
