import { missing, type TableModel } from './table.ts';

/** The place of a time in the page and the Markdown: a dash until publishing replaces it. @param inputs places in the report's parameters */
export const tookMark = (inputs: readonly string[]): string => `<!--took ${inputs.join(' ')}-->`;

/** The place of the machines that the times of a table were measured on. */
export const machinesMark = (inputs: readonly string[]): string => `<!--took on ${inputs.join(' ')}-->`;

/** All that the times of a table are of, each once. */
export const tookIn = ({ rows }: TableModel): string[] => [
  ...new Set(rows.flatMap(({ cells }) => cells.flatMap(({ took = [] }) => took))),
];

/**
 * Puts times and machines in their places. Titles and labels cannot hold a mark: they are escaped.
 *
 * @param time of what these inputs of the report took @param machines that it was measured on
 */
export const fillTook = (
  text: string,
  time: (inputs: readonly string[]) => string,
  machines: (inputs: readonly string[]) => string,
): string =>
  text
    .replaceAll(new RegExp(`${missing.text}<!--took ((?:[\\w.]+ ?)+)-->`, 'g'), (_, inputs: string) =>
      time(inputs.split(' ')),
    )
    .replaceAll(/<!--took on ((?:[\w.]+ ?)+)-->/g, (_, inputs: string) => machines(inputs.split(' ')));
