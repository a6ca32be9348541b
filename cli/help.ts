import { usageError } from '../client/usage-error.ts';
import type { Command } from './command.ts';
import { exitCodes } from './exit.ts';
import type { Session } from './session.ts';
import { alignColumns } from './view/format.ts';

/** All commands in a line each, or one in full. */
export const help = (commands: readonly Command[], name: string | undefined, { print }: Session): number => {
  if (name !== undefined) {
    const command = commands.find((each) => each.name === name);
    if (!command) throw usageError(`there is no command ${name}`, 'cemiflow help lists them');
    print(`cemiflow ${command.name} ${command.usage}`.trimEnd());
    print(`\n${command.summary}`);
    if (command.details) print(`\n${command.details}`);
    return exitCodes.ok;
  }
  // `help NAME` lists the options, so that this list stays readable.
  const short = ({ usage }: Command): string => usage.split(' [--')[0] ?? '';
  print('cemiflow: durable, reproducible pipelines for synthetic face recognition\n');
  print(alignColumns(commands.map((command) => [`  ${command.name} ${short(command)}`, command.summary])).join('\n'));
  print(
    '\n"cemiflow help NAME" says more. Every command takes --json (output for programs), --verbose (stacks of errors)',
  );
  print(
    'and --help. Exit codes: 0 done, 1 the run failed or waits, or a server is in trouble, 2 the input is wrong, 130 interrupted.',
  );
  return exitCodes.ok;
};
