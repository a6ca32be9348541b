import { CemiflowError } from '../core/errors.ts';

/** A request that cannot be understood. @param remedy how it would be right */
export const usageError = (message: string, remedy: string): CemiflowError =>
  new CemiflowError('Usage', message, { remedy });
