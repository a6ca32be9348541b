import type { StepResult } from './record.ts';

interface Row {
  readonly unit: string;
  readonly sides: readonly { readonly name: string; readonly perSecond?: number; readonly error?: string }[];
}

/** The speeds as a Markdown table: a line for each row of the benchmarks, a column for each side. */
export const speedTable = (steps: readonly StepResult[]): string => {
  const rows = steps.flatMap(({ name, found }) => {
    const { unit, sides } = (found ?? {}) as unknown as Partial<Row>;
    return unit === undefined || sides === undefined ? [] : [{ name, unit, sides }];
  });
  if (rows.length === 0) return '';
  const names = [...new Set(rows.flatMap(({ sides }) => sides.map((side) => side.name)))];
  const lines = rows.map(({ name, unit, sides }) => [
    name,
    `${unit}/s`,
    ...names.map((each) => cell(sides.find((side) => side.name === each))),
  ]);
  const table = [['row', 'unit', ...names], ['---', '---', ...names.map(() => '---:')], ...lines];
  return table.map((line) => `| ${line.join(' | ')} |\n`).join('');
};

const cell = (side: Row['sides'][number] | undefined): string => {
  if (side === undefined) return '';
  if (side.perSecond === undefined) return side.error === undefined ? '' : 'failed';
  return side.perSecond.toLocaleString('en', { maximumSignificantDigits: 3 });
};
