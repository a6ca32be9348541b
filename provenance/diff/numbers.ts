import type { CemiflowError } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import type { Printed } from '../../report/printed.ts';
import type { Reading } from '../reading.ts';
import { chainOfNumber, numbersOf, reportOf } from '../trace/numbers.ts';

/** The numbers of a run's report; none where it has no report that lists them, and why. */
export interface RunNumbers {
  readonly numbers: ReadonlyMap<string, Printed>;
  readonly note?: string;
}

export const readNumbers = async (lineage: Lineage, store: Reading): Promise<RunNumbers> => {
  try {
    return { numbers: new Map((await numbersOf(lineage, store)).map((number) => [number.id, number])) };
  } catch (error) {
    const { code, message } = error as CemiflowError;
    if (code === undefined) throw error;
    return { numbers: new Map(), note: `the numbers of ${lineage.run.id} are not compared: ${message}` };
  }
};

/** Ids of the numbers of both reports, in the order of the second. */
export const comparedIds = (before: RunNumbers, now: RunNumbers): string[] => {
  // Without a report on one side every number would differ, and say nothing.
  if (before.note !== undefined || now.note !== undefined) return [];
  return [...new Set([...now.numbers.keys(), ...before.numbers.keys()])];
};

/** Those that are printed otherwise, or in one report alone. */
export const differingNumbers = (before: RunNumbers, now: RunNumbers): string[] =>
  comparedIds(before, now).filter((id) => before.numbers.get(id)?.text !== now.numbers.get(id)?.text);

/** The nodes that a number was read from: where none made it, the report alone is its source. */
export const nodesBehind = (lineage: Lineage, number: Printed | undefined): string[] =>
  number ? [...chainOfNumber(lineage, number).chain.tops] : [];

/** The node that made the report. */
export const reportNode = (lineage: Lineage): string => reportOf(lineage).node.id;
