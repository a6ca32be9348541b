import type { Env } from './layout.mjs';

export class CommandFailed extends Error {
  readonly output: string;
  readonly log?: string;
}
export const run: (
  file: string,
  args: readonly string[],
  options?: { cwd?: string; env?: Env; log?: string },
) => Promise<string>;
