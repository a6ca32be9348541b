import type { ArtifactRef } from '../../core/artifact.ts';
import type { Digest } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import { type Lineage, type MadeNode, madeNodes } from '../../core/lineage.ts';
import type { Printed } from '../../report/printed.ts';
import type { Reading } from '../reading.ts';
import { type Chain, chainOf, inputsOf } from './chain.ts';

/** The node that made the run's report, and the report. @throws CemiflowError `NotMade` */
export const reportOf = (lineage: Lineage): MadeNode & { readonly report: ArtifactRef } => {
  for (const made of madeNodes(lineage).reverse()) {
    const report = Object.values(made.record.outputs).find(({ type }) => type === 'report');
    if (report) return { ...made, report };
  }
  throw new CemiflowError('NotMade', `${lineage.run.id} has no report`, {
    remedy: `cemiflow status ${lineage.run.id} says where it stands`,
    data: { run: lineage.run.id },
  });
};

/** A file of an artifact as text. @throws CemiflowError `ReportInvalid` */
export const textOf = async (store: Reading, ref: ArtifactRef, path: string): Promise<string> => {
  const file = (await store.getArtifact(ref)).files.find((each) => each.path === path);
  if (file) return (await store.getBlob(file.digest)).toString('utf8');
  throw new CemiflowError('ReportInvalid', `${ref.type} ${ref.digest} has no ${path}`, {
    remedy: 'run the experiment again: a report of this version has it',
    data: { digest: ref.digest, path },
  });
};

/** Every number that the run's report prints. @throws CemiflowError `NotMade`, `ReportInvalid` */
export const numbersOf = async (lineage: Lineage, store: Reading): Promise<Printed[]> => {
  const { report } = reportOf(lineage);
  const { printed } = JSON.parse(await textOf(store, report, 'report.json')) as { printed?: Printed[] };
  if (printed?.every(({ inputs }) => inputs)) return printed;
  throw new CemiflowError('ReportInvalid', `report ${report.digest} does not list its numbers`, {
    remedy: 'run the experiment again: a report of this version does',
    data: { digest: report.digest },
  });
};

/** A number with the steps that it depends on; a quoted one depends on a file of the code. */
export interface NumberChain {
  readonly printed: Printed;
  readonly chain: Chain;
  /** Artifacts that no step of this run made: the file that is quoted. */
  readonly outside: readonly Digest[];
}

/** @returns the number's chain in the run whose report prints it */
export const chainOfNumber = (lineage: Lineage, printed: Printed): NumberChain => {
  const named = new Map(inputsOf(lineage, reportOf(lineage)).map(({ name, node }) => [name, node]));
  const makers = printed.artifacts.map((digest, i) => {
    const input = printed.inputs[i];
    return [digest, input === undefined ? undefined : named.get(input)] as const;
  });
  const tops = makers.flatMap(([, id]) => id ?? []);
  return {
    printed,
    chain: chainOf(lineage, tops),
    outside: makers.flatMap(([digest, id]) => (id === undefined ? [digest] : [])),
  };
};

/**
 * The number that a person means: its id, or the only one whose id or description holds the words.
 *
 * @throws CemiflowError `UnknownNumber`
 */
export const findNumber = (numbers: readonly Printed[], name: string): Printed => {
  const exact = numbers.find(({ id }) => id === name);
  if (exact) return exact;
  const words = wordsOf(name);
  const has = ({ what }: Printed): boolean => words.every((word) => wordsOf(what).includes(word));
  const holds = ({ id, what }: Printed): boolean =>
    words.every((word) => id.includes(word) || wordsOf(what).join(' ').includes(word));
  const whole = numbers.filter(has);
  const found = whole.length > 0 ? whole : numbers.filter(holds);
  if (found.length === 1 && found[0]) return found[0];
  const some = (found.length > 0 ? found : numbers).slice(0, 8).map(({ id }) => id);
  throw new CemiflowError(
    'UnknownNumber',
    found.length > 1 ? `${name} fits ${found.length} numbers` : `the report prints no number ${name}`,
    {
      remedy: `name one of ${some.join(', ')}${found.length > 8 ? ', …' : ''}; "cemiflow trace RUN" lists all`,
      data: { name },
    },
  );
};

const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .replaceAll('−', '-')
    .split(/[\s,=/]+/)
    .filter(Boolean);
