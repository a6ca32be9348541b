import { join } from 'node:path';
import { type Digest, digestOfJson, isDigest, shortDigest } from '../core/digest.ts';
import { CemiflowError, type JsonObject } from '../core/errors.ts';
import type { Plan, PlanNode } from '../core/plan.ts';
import { printable } from '../core/printable.ts';
import { isOwnKind } from '../core/stage.ts';
import { plural } from '../core/words.ts';
import { loadStageSchemas } from '../schemas/stage-schemas.ts';
import type { PlanStatus } from '../spec/plan-status.ts';
import type { Caller } from './caller.ts';
import { readNote, writeNote } from './note-file.ts';
import { shellWord } from './shell.ts';

/** A program, or a stage kind of a user's own, that a plan would run on this machine or on its workers. */
export interface PlannedCommand {
  /** The nodes that run it, as they are called. */
  readonly nodes: readonly string[];
  readonly command: readonly string[];
  /** Digest of its code. */
  readonly code: string;
  /** Names of the variables of the worker's environment that it is given. */
  readonly secrets: readonly string[];
  /** What else decides on what really runs, where it is not as usual: a container's image, variables, installed packages, a sandbox. */
  readonly how: JsonObject;
}

/** Whether a person has said yes. @param commands that are new on this machine */
export type Approve = (commands: readonly PlannedCommand[]) => Promise<boolean>;

/** The programs of a plan, each once, in the plan's order. @param status given where those of hits are to be left out */
export const commandsIn = ({ nodes }: Pick<Plan, 'nodes'>, status?: PlanStatus): PlannedCommand[] => {
  const found = new Map<Digest, PlannedCommand & { readonly nodes: string[] }>();
  for (const node of nodes) {
    if (!isForeign(node) || status?.nodes.get(node.id)?.state === 'hit') continue;
    const own = programOf(node);
    const digest = nameOf(own);
    const known = found.get(digest);
    if (known) known.nodes.push(node.id);
    else found.set(digest, { ...own, nodes: [node.id] });
  }
  return [...found.values()];
};

const isForeign = ({ kind }: PlanNode): boolean => isOwnKind(kind) || loadStageSchemas().get(kind)?.foreign === true;

/** A stage kind of a user's own runs in the worker itself: its name stands for a command. */
const programOf = ({ kind, code, params }: PlanNode): Omit<PlannedCommand, 'nodes'> =>
  isOwnKind(kind)
    ? { command: [kind], code, secrets: [], how: {} }
    : {
        command: (params.command as (string | number)[]).map(String),
        code: `${params.content ?? ''}`,
        secrets: params.secrets as string[],
        how: howOf(params),
      };

const howOf = ({ image = null, env = {}, packages = null, sandbox = false }: JsonObject): JsonObject => ({
  ...(image === null ? {} : { image }),
  ...(Object.keys(env ?? {}).length === 0 ? {} : { env }),
  ...(packages === null ? {} : { packages }),
  ...(sandbox ? { sandbox } : {}),
});

/** A matrix may run one program a thousand times. */
const mostLines = 20;

/** A line for each program, fit for a terminal: a spec that came from elsewhere may hold anything. */
export const commandLines = (commands: readonly PlannedCommand[]): string[] => [
  ...commands.slice(0, mostLines).map(lineOf),
  ...(commands.length > mostLines ? [`and ${commands.length - mostLines} more with other arguments or code`] : []),
];

const lineOf = ({ nodes: [first = '', ...more], command, code, secrets, how }: PlannedCommand): string => {
  const others = more.length > 0 ? ` and ${plural(more.length, 'other node')}` : '';
  const given = secrets.length > 0 ? `, given ${secrets.join(', ')}` : '';
  const inside = Object.entries(how).map(
    ([name, value]) => `, ${name} ${printable(typeof value === 'string' ? value : JSON.stringify(value))}`,
  );
  const what = printable(command.map(shellWord).join(' '));
  return `${first}${others}: ${what} (code ${isDigest(code) ? shortDigest(code) : 'unknown'}${given}${inside.join('')})`;
};

/**
 * Asks about programs that are to run and have never been asked about on this machine. What was said yes to is remembered in the
 * state folder: the same command with the same code is not asked about again.
 *
 * @throws CemiflowError `CommandsRefused`
 */
export const approveCommands = async (
  commands: readonly PlannedCommand[],
  approve: Approve,
  { home }: Pick<Caller, 'home'>,
): Promise<void> => {
  const file = join(home, 'approved-commands.json');
  const known = new Set(knownIn(file));
  const fresh = commands.filter((each) => !known.has(nameOf(each)));
  if (fresh.length === 0) return;
  if (!(await approve(fresh)))
    throw new CemiflowError(
      'CommandsRefused',
      `the spec runs ${plural(fresh.length, 'program')} of its own:\n${commandLines(fresh).join('\n')}`,
      {
        remedy: 'read them and their code; "cemiflow run --yes" runs them',
        data: { commands: fresh.map(({ nodes, command }) => ({ nodes: [...nodes], command: [...command] })) },
      },
    );
  writeNote(file, JSON.stringify([...known, ...fresh.map(nameOf)]));
};

const nameOf = ({ command, code, secrets, how }: Omit<PlannedCommand, 'nodes'>): Digest =>
  digestOfJson({ command: [...command], code, secrets: [...secrets], how });

const knownIn = (file: string): string[] => {
  try {
    const known: unknown = JSON.parse(readNote(file)?.toString() ?? '[]');
    return Array.isArray(known) ? known.filter(isDigest) : [];
  } catch {
    return [];
  }
};
