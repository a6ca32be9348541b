import { CemiflowError, type Json } from '../../core/errors.ts';
import type { Printed } from '../../report/printed.ts';

/** Every number in a `report.json` with its place: `/accuracy/0/average 0.77`; and each number that is printed, with its sources. */
export const jsonFigures = (text: string): string[] => {
  const { printed = [], ...rest } = parsed(text);
  const shown = printed.map(({ id, text: value, artifacts, inputs, at }) =>
    [id, value, artifacts, inputs, at].join(' '),
  );
  return [...leaves(rest as Json, ''), ...shown];
};

/** The numbers of one `report.json` that another gives otherwise, or not at all. Those that only the other has do not count. */
export const numbersMissing = (text: string, given: string): string[] => {
  const { printed: _, ...rest } = parsed(text);
  const { printed: __, ...wanted } = parsed(given);
  const known = new Set(leaves(wanted as Json, ''));
  return leaves(rest as Json, '').filter((leaf) => !known.has(leaf));
};

const leaves = (value: Json, place: string): string[] => {
  if (typeof value === 'number') return [`${place} ${value}`];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, item]) => leaves(item, `${place}/${key}`));
};

const parsed = (text: string): { readonly printed?: Printed[] } => {
  try {
    return JSON.parse(text) as { printed?: Printed[] };
  } catch (cause) {
    throw new CemiflowError('ReportInvalid', 'report.json is not JSON', { remedy: 'run the experiment again', cause });
  }
};
