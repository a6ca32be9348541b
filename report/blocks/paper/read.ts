import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CemiflowError } from '../../../core/errors.ts';
import type { ReportReader } from '../../reader.ts';
import type { Quotation, ReadQuotation } from './quotation.ts';

/** True quotes every method that has printed results; a list quotes these. */
export type PaperParams = true | readonly string[];

const folder = fileURLToPath(new URL('../../../methods/', import.meta.url));

export const readPaper = async (params: PaperParams, reader: ReportReader): Promise<Quotation[]> => {
  const known = readdirSync(folder)
    .filter((method) => existsSync(`${folder}${method}/paper/quotation.ts`))
    .sort();
  const unknown = params === true ? undefined : params.find((method) => !known.includes(method));
  if (unknown !== undefined) throw unknownMethod(unknown, known);
  const quotations: Quotation[] = [];
  for (const method of params === true ? known : params) {
    // Written so that esbuild bundles the quotations of all methods: see report/blocks.ts.
    const { quotation } = (await import(`../../../methods/${method}/paper/quotation.ts`)) as {
      quotation: ReadQuotation;
    };
    const quoted = await quotation();
    reader.note({ digest: quoted.artifact, type: 'quotation', what: quoted.what });
    quotations.push(quoted);
  }
  return quotations;
};

const unknownMethod = (method: string, known: readonly string[]): CemiflowError =>
  new CemiflowError('ReportInputInvalid', `there are no printed results of "${method}" to quote`, {
    remedy: `name some of ${known.join(', ')}, or add methods/${method}/paper/quotation.ts`,
    data: { method },
  });
