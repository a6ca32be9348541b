import type { ArtifactRef } from '../../core/artifact.ts';
import type { Digest } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import { type Lineage, type MadeNode, madeNodes } from '../../core/lineage.ts';
import type { ArtifactStore } from '../../core/stage.ts';
import { Checkout } from '../../engine/checkout.ts';
import type { ReportParams } from '../../report/block.ts';
import { readReport, reportFiles } from '../../report/build.ts';
import type { ReportModel } from '../../report/model.ts';
import { type Printed, printedNumbers } from '../../report/printed.ts';
import type { Reading } from '../reading.ts';
import { endsInData } from '../trace/chain.ts';
import { chainOfNumber, textOf } from '../trace/numbers.ts';
import { type Recomputed, recomputeMetrics, unlikeHere } from './recompute.ts';
import type { Ledger } from './result.ts';

/** Whence a number was had again. */
type Origin = Recomputed | 'read again from training logs';

/**
 * Makes every number of the run's reports again, from the lowest data that needs no GPU: accuracies from pair scores, similarities
 * from those of images, sizes by counting; then the tables, charts and pages from these, byte for byte.
 */
export const checkNumbers = async (lineage: Lineage, store: Reading, ledger: Ledger): Promise<void> => {
  const checkout = new Checkout();
  const recomputed = await recomputeMetrics(lineage, store, ledger, checkout);
  for (const made of madeNodes(lineage)) {
    const report = Object.values(made.record.outputs).find(({ type }) => type === 'report');
    if (report) await checkReport(made, report, { lineage, store, ledger, checkout, recomputed });
  }
};

interface Work {
  readonly lineage: Lineage;
  readonly store: Reading;
  readonly ledger: Ledger;
  readonly checkout: Checkout;
  readonly recomputed: ReadonlyMap<Digest, Recomputed>;
}

const checkReport = async (made: MadeNode, report: ArtifactRef, work: Work): Promise<void> => {
  const { store, ledger } = work;
  const where = made.node.id;
  const params = made.record.action.params as unknown as ReportParams;
  const read = (options = {}) => readable(readReport(params, store as ArtifactStore, options));
  const note = (what: string, message: string): void => ledger.note(what, { fault: 'not verifiable', where, message });
  const model = await read();
  if (model instanceof CemiflowError) note('pages made again', `cannot be made again: ${model.message}`);
  else await checkFiles(made, report, model, work);
  // Pictures that are not there keep no number from being had again.
  const numbers = model instanceof CemiflowError ? await read({ withoutPictures: true }) : model;
  if (numbers instanceof CemiflowError) note('numbers recomputed', `cannot be read again: ${numbers.message}`);
  else await checkPrinted(made, report, printedNumbers(numbers), work);
};

/** The files of a report that can be read. */
const checkFiles = async (
  { node, record }: MadeNode,
  report: ArtifactRef,
  model: ReportModel,
  { store, ledger, checkout }: Work,
): Promise<void> => {
  const what = 'pages made again';
  const where = node.id;
  for (const { path, text } of reportFiles(model).files) {
    const stored = await readable(textOf(store, report, path));
    if (stored instanceof CemiflowError)
      ledger.note(what, { fault: 'not verifiable', where, message: `${path} cannot be compared: ${stored.message}` });
    else {
      const message = `${path} is not what its inputs give`;
      ledger.note(what, stored === text ? undefined : await unlikeHere(record, { where, message }, checkout));
    }
  }
};

const checkPrinted = async (
  { node, record }: MadeNode,
  report: ArtifactRef,
  numbers: readonly Printed[],
  { lineage, store, ledger, checkout, recomputed }: Work,
): Promise<void> => {
  const text = await readable(textOf(store, report, 'report.json'));
  if (text instanceof CemiflowError) {
    const message = `cannot be compared: ${text.message}`;
    ledger.note('numbers recomputed', { fault: 'not verifiable', where: node.id, message });
    return;
  }
  const { printed = [] } = JSON.parse(text) as { printed?: Printed[] };
  const kept = new Map(printed.map((each) => [each.id, each]));
  for (const number of numbers) {
    const what = number.quoted ? 'quoted numbers compared with their file' : 'numbers recomputed';
    const problem = problemOf(lineage, number, recomputed);
    const message = `the report has ${kept.get(number.id)?.text ?? 'nothing'}, its inputs give ${number.text}`;
    const where = number.id;
    if (kept.get(number.id)?.text !== number.text)
      ledger.note(what, await unlikeHere(record, { where, message }, checkout));
    else if (problem) ledger.note(what, { fault: 'not verifiable', where, message: problem });
    else {
      ledger.note(what);
      const origins = number.quoted ? [] : number.artifacts.map((digest) => originOf(lineage, digest, recomputed));
      if (origins.length > 0) ledger.note(`… ${[...new Set(origins)].join(', ')}`);
    }
  }
  const known = new Set(numbers.map(({ id }) => id));
  for (const { id: where } of kept.values())
    if (!known.has(where))
      ledger.add(await unlikeHere(record, { where, message: 'no input of the report gives it' }, checkout));
};

/** What can be read, or why it cannot. @throws what says nothing of it, such as a store that is away */
const readable = <T>(reading: Promise<T>): Promise<T | CemiflowError> =>
  reading.catch((error) => {
    if (!(error instanceof CemiflowError) || error.retryable) throw error;
    return error;
  });

/** @returns what keeps the number from being had again, if anything */
const problemOf = (
  lineage: Lineage,
  number: Printed,
  recomputed: ReadonlyMap<Digest, Recomputed>,
): string | undefined => {
  if (number.quoted) return undefined;
  try {
    if (!endsInData(chainOfNumber(lineage, number).chain)) return 'its chain does not end in raw data';
  } catch (error) {
    if (!(error instanceof CemiflowError)) throw error;
    return error.message;
  }
  if (number.artifacts.every((digest) => originOf(lineage, digest, recomputed) !== undefined)) return undefined;
  return 'what it was read from could not be computed again';
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
