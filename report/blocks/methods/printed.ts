import { CemiflowError } from '../../../core/errors.ts';
import type { ReportReader } from '../../reader.ts';
import type { PrintedRow } from '../paper/quotation.ts';
import { readPaper } from '../paper/read.ts';
import type { MethodsParams, PrintedChoice, RowParams } from './row.ts';

/** Finds the printed row that a row names. @throws CemiflowError `ReportInputInvalid` */
export const readPrinted = async (
  { paper, rows }: MethodsParams,
  reader: ReportReader,
): Promise<(row: RowParams) => PrintedRow | undefined> => {
  const asked = rows.find(({ printed }) => printed);
  if (!asked) return () => undefined;
  if (!paper)
    throw invalid(`row "${asked.label}" names a printed row, and methods.paper no paper`, 'name it: paper: <method>');
  const [quotation] = await readPaper([paper], reader);
  const known = quotation?.comparison ?? [];
  return ({ printed, label }) => printed && choose(printed, label, known);
};

const choose = (wanted: PrintedChoice, label: string, known: readonly PrintedRow[]): PrintedRow => {
  const found = known.filter(
    ({ method, volume, loss, reproduced }) =>
      method === wanted.method &&
      volume === wanted.volume &&
      reproduced === wanted.reproduced &&
      (wanted.loss === undefined || loss === wanted.loss),
  );
  const [only] = found;
  if (only && found.length === 1) return only;
  const all = found.length > 1 ? found : known;
  throw invalid(
    `row "${label}" names ${found.length} rows of the paper: ${wordsOf(wanted)}`,
    `name one of: ${all.map(wordsOf).join('; ')}`,
  );
};

const wordsOf = ({ method, volume, loss, reproduced }: PrintedChoice): string =>
  [
    `method: ${method}`,
    `volume: ${volume}`,
    ...(loss ? [`loss: ${loss}`] : []),
    ...(reproduced ? ['reproduced: true'] : []),
  ].join(', ');

const invalid = (message: string, remedy: string): CemiflowError =>
  new CemiflowError('ReportInputInvalid', message, { remedy });
