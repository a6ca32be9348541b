import { CemiflowError, type JsonObject } from '../core/errors.ts';

/** What the shell sees. */
export const exitCodes = { ok: 0, runFailed: 1, badInput: 2, interrupted: 130 } as const;

/** Exit codes of audits and of `fsck`: bits; the last one says that they could not be carried out. */
export const auditCodes = { corrupt: 1, missing: 2, couldNotRun: 16 } as const;

/** Codes of what the user wrote being wrong: nothing was started, and the same call will fail again. */
const badInput = /^(Spec|Usage|Unknown|Args|Plan|Params|Reference|Override|Schema)/;

/** 2 for what the user wrote being wrong, 130 for Ctrl-C, 1 for everything else. */
export const exitCodeOf = (error: unknown): number => {
  const code = error instanceof CemiflowError ? error.code : '';
  if (code === 'Interrupted') return exitCodes.interrupted;
  return badInput.test(code) ? exitCodes.badInput : exitCodes.runFailed;
};

/** An error as people and programs read it. */
interface ToldError {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly data?: JsonObject;
  /** The stage that failed, where it was one. */
  readonly stage?: string;
  readonly stack?: string;
}

/**
 * For people
 * ```
 * error[BlobCorrupt]: sha256:ab… hashed to sha256:cd…
 *   remedy: "cemiflow fsck --repair" makes what is damaged again
 * ```
 * and with `json` one line, `{"error": {"code", "message", "remedy", …}}`.
 */
export const tellError = (error: ToldError, { json }: { readonly json: boolean }): string => {
  if (json) return JSON.stringify({ error });
  const { code, message, remedy, stage, stack } = error;
  const lines = [`error[${code}]: ${stage ? `${stage}: ` : ''}${message}`, `  remedy: ${remedy}`];
  return [...lines, ...(stack ? [stack] : [])].join('\n');
};

/** Whatever was thrown, as people and programs read it. @param style.verbose adds stacks, also of causes */
export const formatError = (
  error: unknown,
  { verbose, json }: { readonly verbose: boolean; readonly json: boolean },
): string => {
  const message = error instanceof Error ? error.message || error.name : String(error);
  const { code, remedy, data } =
    error instanceof CemiflowError
      ? error
      : { code: 'Unexpected', remedy: 'this is a bug: run again with --verbose and report the stack', data: {} };
  const stack = verbose ? stacksOf(error).join('\n') : undefined;
  return tellError({ code, message, remedy, data, stack }, { json });
};

const stacksOf = (error: unknown, depth = 0): string[] => {
  if (!(error instanceof Error) || depth > 5) return [];
  return [error.stack ?? String(error), ...stacksOf(error.cause, depth + 1)];
};
