import { CemiflowError } from '../core/errors.ts';

/** What the shell sees. */
export const exitCodes = { ok: 0, runFailed: 1, badInput: 2, interrupted: 130 } as const;

/** Codes of what the user wrote being wrong: nothing was started, and the same call will fail again. */
const badInput = /^(Spec|Usage|Unknown|Args|Plan|Params|Reference|Override|Schema)/;

/** 2 for what the user wrote being wrong, 1 for everything else. */
export const exitCodeOf = (error: unknown): number =>
  error instanceof CemiflowError && badInput.test(error.code) ? exitCodes.badInput : exitCodes.runFailed;

/** A command line that cannot be understood. @param remedy how it would be right */
export const usageError = (message: string, remedy: string): CemiflowError =>
  new CemiflowError('Usage', message, { remedy });

/**
 * ```
 * error[BlobCorrupt]: sha256:ab… hashed to sha256:cd…
 *   remedy: run "cemiflow fsck --repair"
 * ```
 *
 * @param verbose adds stacks, also of causes
 */
export const formatError = (error: unknown, verbose: boolean): string => {
  const known = error instanceof CemiflowError;
  const code = known ? error.code : 'Unexpected';
  const message = error instanceof Error ? error.message || error.name : String(error);
  const remedy = known ? error.remedy : 'this is a bug: run again with --verbose and report the stack';
  const lines = [`error[${code}]: ${message}`, `  remedy: ${remedy}`];
  return verbose ? [...lines, ...stacksOf(error)].join('\n') : lines.join('\n');
};

const stacksOf = (error: unknown, depth = 0): string[] => {
  if (!(error instanceof Error) || depth > 5) return [];
  return [error.stack ?? String(error), ...stacksOf(error.cause, depth + 1)];
};
