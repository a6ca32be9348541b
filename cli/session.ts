import { join, resolve } from 'node:path';

/** What a command knows of the world around it; only `main.ts` builds it from the process. */
export interface Session {
  readonly env: { readonly [name: string]: string | undefined };
  readonly cwd: string;
  /** The state folder: `CEMIFLOW_HOME`, or `.cemiflow` in the project. */
  readonly home: string;
  readonly cores: number;
  readonly verbose: boolean;
  readonly json: boolean;
  /** Standard output, one line or several. */
  print(text: string): void;
  /** Notes beside the result: to standard error, so that output can be piped. */
  note(text: string): void;
  /** The terminal, where standard output is one. */
  readonly terminal?: Terminal;
  /** Asks a person, and gives the answer; absent where there is none. */
  readonly ask?: (question: string) => Promise<string>;
  /** Aborts at the first Ctrl-C. */
  readonly interrupted: AbortSignal;
}

/** What a table that is redrawn in place needs. */
export interface Terminal {
  write(text: string): void;
  size(): { readonly columns: number; readonly rows: number };
}

const projectDir = join(import.meta.dirname, '..');

/** The state folder: `CEMIFLOW_HOME`, relative to `cwd`, or `.cemiflow` in the project. */
export const homeOf = (env: Session['env'], cwd: string): string =>
  env.CEMIFLOW_HOME ? resolve(cwd, env.CEMIFLOW_HOME) : join(projectDir, '.cemiflow');

/** Prints a result, for programs or for people. @param indent of the JSON */
export const printResult = (
  { json, print }: Pick<Session, 'json' | 'print'>,
  value: unknown,
  text: string,
  indent?: number,
): void => print(json ? JSON.stringify(value, null, indent) : text);
