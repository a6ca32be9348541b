import type { ArtifactRef } from '../../core/artifact.ts';
import type { Digest } from '../../core/digest.ts';
import type { CemiflowError } from '../../core/errors.ts';
import type { ArtifactStore } from '../../core/stage.ts';
import { readReport, reportFiles } from '../../report/build.ts';
import type { ReportParams } from '../../report/params.ts';
import { type Printed, printedNumbers } from '../../report/printed.ts';
import { type Lineage, type MadeNode, madeNodes } from '../lineage.ts';
import type { Reading } from '../reading.ts';
import { endsInData } from '../trace/chain.ts';
import { chainOfNumber, textOf } from '../trace/numbers.ts';
import { type Recomputed, recomputeMetrics } from './recompute.ts';
import type { Ledger, Problem } from './result.ts';

/** Whence a number was had again. */
type Origin = Recomputed | 'read again from training logs';

/**
 * Makes every number of the run's reports again, from the lowest data that needs no GPU: accuracies from pair scores, similarities
 * from those of images, sizes by counting; then the tables, charts and pages from these, byte for byte.
 */
export const checkNumbers = async (lineage: Lineage, store: Reading, ledger: Ledger): Promise<void> => {
  const recomputed = await recomputeMetrics(lineage, store, ledger);
  for (const made of madeNodes(lineage)) {
    const report = Object.values(made.record.outputs).find(({ type }) => type === 'report');
    if (report) await checkReport(lineage, made, report, recomputed, store, ledger);
  }
};

const checkReport = async (
  lineage: Lineage,
  { node, record }: MadeNode,
  report: ArtifactRef,
  recomputed: ReadonlyMap<Digest, Recomputed>,
  store: Reading,
  ledger: Ledger,
): Promise<void> => {
  const where = node.id;
  try {
    const model = await readReport(record.action.params as unknown as ReportParams, store as ArtifactStore);
    for (const { path, text } of reportFiles(model).files) {
      const same = (await textOf(store, report, path)) === text;
      const message = `${path} is not what its inputs give`;
      ledger.note('pages made again', same ? undefined : { fault: 'not reproduced', where, message });
    }
    const stored = JSON.parse(await textOf(store, report, 'report.json')) as { printed?: Printed[] };
    const kept = new Map((stored.printed ?? []).map((each) => [each.id, each]));
    const numbers = printedNumbers(model);
    for (const number of numbers) checkNumber(lineage, number, kept.get(number.id), recomputed, ledger);
    const known = new Set(numbers.map(({ id }) => id));
    for (const { id } of kept.values())
      if (!known.has(id))
        ledger.add({ fault: 'not reproduced', where: id, message: 'no input of the report gives it' });
  } catch (error) {
    const { code, message } = error as CemiflowError;
    if (code === undefined) throw error;
    ledger.note('pages made again', { fault: 'not verifiable', where, message: `cannot be made again: ${message}` });
  }
};

const checkNumber = (
  lineage: Lineage,
  number: Printed,
  kept: Printed | undefined,
  recomputed: ReadonlyMap<Digest, Recomputed>,
  ledger: Ledger,
): void => {
  const what = number.quoted ? 'quoted numbers compared with their file' : 'numbers recomputed';
  const where = number.id;
  const problem = problemOf(lineage, number, kept, recomputed);
  ledger.note(what, problem && { ...problem, where });
  if (problem || number.quoted) return;
  const origins = number.artifacts.map((digest) => originOf(lineage, digest, recomputed));
  ledger.note(`… ${[...new Set(origins)].join(', ')}`);
};

/** @returns what keeps the number from being had again, if anything */
const problemOf = (
  lineage: Lineage,
  number: Printed,
  kept: Printed | undefined,
  recomputed: ReadonlyMap<Digest, Recomputed>,
): Omit<Problem, 'where'> | undefined => {
  if (kept?.text !== number.text)
    return {
      fault: 'not reproduced',
      message: `the report has ${kept?.text ?? 'nothing'}, its inputs give ${number.text}`,
    };
  if (number.quoted) return undefined;
  if (!endsInData(chainOfNumber(lineage, number).chain))
    return { fault: 'not verifiable', message: 'its chain does not end in raw data' };
  if (number.artifacts.every((digest) => originOf(lineage, digest, recomputed) !== undefined)) return undefined;
  return { fault: 'not verifiable', message: 'what it was read from could not be computed again' };
};

/** @returns undefined where the artifact was not had again */
const originOf = (
  lineage: Lineage,
  digest: Digest,
  recomputed: ReadonlyMap<Digest, Recomputed>,
): Origin | undefined => {
  const isLog = madeNodes(lineage).some(({ record }) => record.outputs.log?.digest === digest);
  return recomputed.get(digest) ?? (isLog ? 'read again from training logs' : undefined);
};
