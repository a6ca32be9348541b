import { type ParseArgsConfig, parseArgs } from 'node:util';
import { usageError } from '../client/usage-error.ts';
import { plural } from '../core/words.ts';
import type { Session } from './session.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** The arguments of a command, read. */
export interface Arguments {
  readonly positionals: readonly string[];
  /** The first positional argument; empty where there is none. */
  readonly first: string;
  flag(name: string): boolean;
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
  /** @throws CemiflowError `Usage` unless an integer of at least `least` */
  count(name: string, least?: number): number | undefined;
}

/** One command of the command line. */
export interface Command {
  readonly name: string;
  /** `SPEC [--set k=v]…`: what follows the name. */
  readonly usage: string;
  /** One line. */
  readonly summary: string;
  /** What its options do, for `help NAME`. */
  readonly details?: string;
  readonly options?: Options;
  /** Least and most positional arguments. */
  readonly positionals?: readonly [number, number];
  /** Whether Ctrl-C ends it at once, because nothing that it leaves half done can be mistaken for whole. Others check `interrupted`. */
  readonly stopsAtOnce?: true;
  /** Whether its exit codes are bits (`auditCodes`). */
  readonly bits?: true;
  /** Its code, loaded when it is called: `validate` does not wait for Temporal's client. */
  load(): Promise<{ readonly run: Run }>;
}

/** @returns the exit code */
export type Run = (args: Arguments, session: Session) => Promise<number>;

/** Options that every command has. */
const common: Options = {
  verbose: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
};

/** @throws CemiflowError `Usage` */
export const parseCommandLine = (command: Command, argv: readonly string[]): Arguments => {
  const options = { ...common, ...command.options };
  const { values, positionals } = readArgs(command, argv, options);
  const [least, most] = command.positionals ?? [0, 0];
  if (positionals.length < least || positionals.length > most)
    throw usageError(
      `cemiflow ${command.name} takes ${numberOf(least, most)}, got ${positionals.length}`,
      `cemiflow ${command.name} ${command.usage}`,
    );
  const text = (name: string): string | undefined => values[name] as string | undefined;
  return {
    positionals,
    first: positionals[0] ?? '',
    text,
    flag: (name) => values[name] === true,
    texts: (name) => (values[name] as string[] | undefined) ?? [],
    count: (name, least = 0) => {
      const given = text(name);
      if (given === undefined) return undefined;
      if (/^\d+$/.test(given) && Number(given) >= least) return Number(given);
      throw usageError(
        `--${name} must be an integer of at least ${least}, got ${given}`,
        `--${name} ${Math.max(least, 2)}`,
      );
    },
  };
};

const numberOf = (least: number, most: number): string => {
  if (least === most) return plural(least, 'argument');
  return most === Number.POSITIVE_INFINITY
    ? `at least ${plural(least, 'argument')}`
    : `${least} to ${plural(most, 'argument')}`;
};

const readArgs = (command: Command, argv: readonly string[], options: Options) => {
  try {
    return parseArgs({ args: escapeNegative(argv), options, allowPositionals: true, strict: true });
  } catch (error) {
    const message = (error as Error).message.split('. ')[0] ?? '';
    throw usageError(message, `cemiflow ${command.name} ${command.usage}; "cemiflow help ${command.name}" says more`);
  }
};

/** `--set x` and `--set=x` are the same to people; parseArgs refuses the first where x starts with a dash. */
const escapeNegative = (argv: readonly string[]): string[] => {
  const joined: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const [now, next] = [argv[i] as string, argv[i + 1]];
    if (now === '--set' && next !== undefined) {
      joined.push(`--set=${next}`);
      i++;
    } else joined.push(now);
  }
  return joined;
};
