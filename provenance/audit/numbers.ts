import type { ArtifactRef } from '../../core/artifact.ts';
import type { Digest } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import { type Lineage, type MadeNode, madeNodes, producerOf } from '../../core/lineage.ts';
import type { ArtifactStore } from '../../core/stage.ts';
import { Checkout } from '../../engine/checkout.ts';
import type { ReportParams } from '../../report/block.ts';
import { readReport } from '../../report/build.ts';
import { reportNumbers } from '../../report/numbers.ts';
import { type Printed, printedNumbers } from '../../report/printed.ts';
import { shownIn } from '../publish/page.ts';
import { cardsIn, markdownTexts } from '../publish/shown.ts';
import type { Reading } from '../reading.ts';
import { roleOf } from '../roles.ts';
import { endsInData } from '../trace/chain.ts';
import { chainOfNumber, textOf } from '../trace/numbers.ts';
import { numbersMissing } from './figures.ts';
import { type Recomputed, recomputeMetrics, unlikeHere } from './recompute.ts';
import type { Ledger } from './result.ts';

/** How a number was recomputed. */
type Origin = Recomputed | 'read again from training logs' | typeof measuredElsewhere;

/** Numbers that cemiflow did not measure: they are those that the program left, and only a replay runs it again. */
const measuredElsewhere = 'as programs of users measured them';

/**
 * Recomputes every number of the run's reports from the lowest data that needs no GPU: accuracies from pair scores, similarities
 * from those of images, sizes by counting; and checks that the page and the Markdown of each report show these numbers.
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
  const model = await read();
  const json = await readable(textOf(store, report, 'report.json'));
  const what = 'files of reports compared';
  if (json instanceof CemiflowError)
    ledger.note(what, { fault: 'not verifiable', where, message: `report.json cannot be compared: ${json.message}` });
  else {
    await checkShown(made, report, printedIn(json), work);
    if (model instanceof CemiflowError)
      ledger.note(what, {
        fault: 'not verifiable',
        where,
        message: `report.json cannot be written again: ${model.message}`,
      });
    else {
      const [other] = numbersMissing(json, reportNumbers(model));
      const message = `report.json has ${other}, which its inputs do not give`;
      ledger.note(
        what,
        other === undefined ? undefined : await unlikeHere(made.record, { where, message }, work.checkout),
      );
    }
  }
  // Pictures that cannot be read keep no number from being recomputed.
  const numbers = model instanceof CemiflowError ? await read({ withoutPictures: true }) : model;
  if (numbers instanceof CemiflowError)
    ledger.note('numbers recomputed', {
      fault: 'not verifiable',
      where,
      message: `cannot be read again: ${numbers.message}`,
    });
  else if (!(json instanceof CemiflowError)) await checkPrinted(made, printedIn(json), printedNumbers(numbers), work);
};

/** The page and the Markdown must show the numbers that `report.json` lists, in whatever words and style. */
const checkShown = async (
  { node, record }: MadeNode,
  report: ArtifactRef,
  printed: readonly Printed[],
  { store, ledger, checkout }: Work,
): Promise<void> => {
  const what = 'files of reports compared';
  const where = node.id;
  const faults = { 'report.html': unlikePage, 'report.md': unlikeMarkdown };
  for (const [path, faultOf] of Object.entries(faults)) {
    const text = await readable(textOf(store, report, path));
    if (text instanceof CemiflowError)
      ledger.note(what, { fault: 'not verifiable', where, message: `${path} cannot be compared: ${text.message}` });
    else {
      const fault = faultOf(text, printed);
      const message = `${path} ${fault}`;
      ledger.note(what, fault === undefined ? undefined : await unlikeHere(record, { where, message }, checkout));
    }
  }
};

const unlikePage = (page: string, printed: readonly Printed[]): string | undefined => {
  const [shown, cards] = [shownIn(page), cardsIn(page)];
  const known = new Set(printed.map(({ id }) => id));
  const stranger = [...shown.keys()].find((id) => !known.has(id));
  if (stranger !== undefined) return `shows ${stranger}, which report.json does not list`;
  const other = printed.find(({ id, text }) => shown.get(id) !== text || (cards.get(id) ?? text) !== text);
  return other && `does not show ${other.text} for ${other.id}, as report.json does`;
};

const unlikeMarkdown = (markdown: string, printed: readonly Printed[]): string | undefined => {
  const left = markdownTexts(markdown);
  for (const { id, text } of printed) {
    const at = left.indexOf(text);
    if (at < 0) return `does not show ${text} for ${id}, as report.json does`;
    left.splice(at, 1);
  }
  return undefined;
};

const printedIn = (json: string): Printed[] => (JSON.parse(json) as { printed?: Printed[] }).printed ?? [];

const checkPrinted = async (
  { record }: MadeNode,
  printed: readonly Printed[],
  numbers: readonly Printed[],
  { lineage, ledger, checkout, recomputed }: Work,
): Promise<void> => {
  const kept = new Map(printed.map((each) => [each.id, each]));
  const given = new Map(numbers.map((each) => [each.id, each]));
  for (const number of numbers) {
    const what = number.quoted
      ? 'quoted numbers compared with their file'
      : number.artifacts.some((digest) => originOf(lineage, digest, recomputed) === measuredElsewhere)
        ? 'numbers of programs compared with what they left'
        : 'numbers recomputed';
    const problem = problemOf(lineage, number, recomputed);
    // Ids are made of words: where these changed, what was read from the same place is the same number.
    const found = kept.get(number.id) ?? printed.find((each) => !given.has(each.id) && isSame(each, number));
    const message = `the report has ${found?.text ?? 'nothing'}, its inputs give ${number.text}`;
    const where = number.id;
    if (found?.text !== number.text) ledger.note(what, await unlikeHere(record, { where, message }, checkout));
    else if (problem) ledger.note(what, { fault: 'not verifiable', where, message: problem });
    else {
      ledger.note(what);
      const origins = number.quoted ? [] : number.artifacts.map((digest) => originOf(lineage, digest, recomputed));
      if (origins.length > 0) ledger.note(`… ${[...new Set(origins)].join(', ')}`);
    }
  }
  for (const each of printed)
    if (!given.has(each.id) && !numbers.some((number) => isSame(each, number)))
      ledger.add(await unlikeHere(record, { where: each.id, message: 'no input of the report gives it' }, checkout));
};

/** Whether two numbers were read from the same places and are printed alike. */
const isSame = (a: Printed, b: Printed): boolean =>
  a.text === b.text && String([a.artifacts, a.inputs, a.at]) === String([b.artifacts, b.inputs, b.at]);

/** What can be read, or why it cannot. @throws errors that say nothing about it, such as a store that is out of reach */
const readable = <T>(reading: Promise<T>): Promise<T | CemiflowError> =>
  reading.catch((error) => {
    if (!(error instanceof CemiflowError) || error.retryable) throw error;
    return error;
  });

/** @returns why the number cannot be recomputed, if it cannot */
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
  return 'what it was read from could not be recomputed';
};

/** @returns undefined where the artifact was not recomputed */
const originOf = (
  lineage: Lineage,
  digest: Digest,
  recomputed: ReadonlyMap<Digest, Recomputed>,
): Origin | undefined => {
  const known = recomputed.get(digest);
  if (known !== undefined) return known;
  if (isOfProgram(lineage, digest)) return measuredElsewhere;
  const isLog = madeNodes(lineage).some(({ record }) => record.outputs.log?.digest === digest);
  return isLog ? 'read again from training logs' : undefined;
};

/** Whether a program of a user's own made the artifact. */
const isOfProgram = (lineage: Lineage, digest: Digest): boolean => {
  const made = producerOf(lineage, digest);
  return made !== undefined && roleOf(made) === 'foreign';
};
