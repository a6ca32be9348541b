/** JSON values, as they travel in specs, payloads, manifests and records. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export const isJsonObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Every failure that a person may have to act on. The message says what was required and what was found; the remedy
 * says what to do. `code` is stable and can be matched by tools.
 */
export class CemiflowError extends Error {
  override readonly name = 'CemiflowError';
  readonly code: string;
  readonly remedy: string;
  readonly data: JsonObject;
  /** Whether the same call may succeed later (network trouble): bad input never does. */
  readonly retryable: boolean;

  constructor(
    code: string,
    message: string,
    options: { remedy: string; data?: JsonObject; cause?: unknown; retryable?: boolean },
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.remedy = options.remedy;
    this.data = options.data ?? {};
    this.retryable = options.retryable ?? false;
  }
}
