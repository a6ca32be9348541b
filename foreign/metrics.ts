import type { CemiflowError, Json } from '../core/errors.ts';

/** Numbers that a program of a user's own measured, by names that it chose. */
export interface OwnMetrics {
  readonly kind: 'own';
  readonly values: { readonly [name: string]: number };
}

/** As names of columns in reports, and nothing that a path of values could mean otherwise. */
const goodName = /^[A-Za-z][\w .@%+-]{0,79}$/;
const mostValues = 1000;

/**
 * The numbers of a JSON object; those of nested objects have names such as `lfw/accuracy`.
 *
 * @param invalid makes the error of a problem
 */
export const ownMetrics = (json: Json, invalid: (problem: string) => CemiflowError): OwnMetrics => {
  const values: [string, number][] = [];
  const visit = (value: Json, path: readonly string[]): void => {
    const name = path.join('/');
    if (typeof value === 'number') values.push([name, value]);
    else if (typeof value === 'object' && value !== null && !Array.isArray(value))
      for (const [key, inner] of Object.entries(value)) {
        if (!goodName.test(key)) throw invalid(`has a number by a name that cannot be shown: ${JSON.stringify(key)}`);
        visit(inner, [...path, key]);
      }
    else
      throw invalid(
        name === '' ? 'must be an object of numbers' : `must hold numbers, got ${name}: ${JSON.stringify(value)}`,
      );
  };
  visit(json, []);
  if (values.length === 0 || values.some(([name]) => name === '')) throw invalid('must be an object of numbers');
  if (values.length > mostValues) throw invalid(`holds ${values.length} numbers, at most ${mostValues}`);
  return { kind: 'own', values: Object.fromEntries(values.sort(([a], [b]) => (a < b ? -1 : 1))) };
};
