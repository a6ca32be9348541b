import { CemiflowError, type JsonObject } from './errors.ts';

/** An error as messages between threads carry it: structured cloning would drop its class and fields. */
export interface PlainError {
  readonly message: string;
  readonly stack?: string;
  /** Where it was a CemiflowError. */
  readonly typed?: {
    readonly code: string;
    readonly remedy: string;
    readonly data: JsonObject;
    readonly retryable: boolean;
  };
}

export const toPlainError = (error: unknown): PlainError => {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message, stack } = error;
  if (!(error instanceof CemiflowError)) return { message, stack };
  const { code, remedy, data, retryable } = error;
  return { message, stack, typed: { code, remedy, data, retryable } };
};

export const fromPlainError = ({ message, stack, typed }: PlainError): Error => {
  const error = typed ? new CemiflowError(typed.code, message, typed) : new Error(message);
  if (stack) error.stack = stack;
  return error;
};
