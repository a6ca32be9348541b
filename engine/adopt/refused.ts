import { CemiflowError, type JsonObject } from '../../core/errors.ts';

/** Nothing was adopted, and this is why. */
export const refused = (why: string, data: JsonObject = {}): CemiflowError =>
  new CemiflowError('AdoptionRefused', `nothing was adopted: ${why}`, {
    remedy: '"cemiflow run" with the spec does again what changed; or go back to code that gives the same results',
    data,
  });
