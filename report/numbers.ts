import { canonicalJson } from '../core/canonical.ts';
import type { Json, JsonObject } from '../core/errors.ts';
import type { ReportModel } from './model.ts';
import { printedNumbers } from './printed.ts';

/**
 * Every number of the report for other programs, as canonical JSON. Under each block's name are the block's numbers: each
 * object that holds numbers names the artifact that they came from under `artifact`. Pictures are named by artifact,
 * identity and image instead of repeated. `printed` lists the numbers as the page prints them.
 */
export const reportNumbers = (model: ReportModel): string => {
  const { blocks, ...head } = model;
  const byBlock = Object.fromEntries(blocks.map(({ name, numbers }) => [name, numbers]));
  const all = strip({ ...head, ...byBlock }) as JsonObject;
  return `${canonicalJson({ ...all, printed: printedNumbers(model) as unknown as Json })}\n`;
};

const strip = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(strip);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, held]) => held !== undefined && key !== 'pngBase64')
      .map(([key, held]) => [key, strip(held)]),
  );
};
