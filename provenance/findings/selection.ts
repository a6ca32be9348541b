import { weightsCodec, weightsFields } from '../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { ancestorsOf, type Lineage, type MadeNode, madeNodes } from '../../core/lineage.ts';
import type { Reading } from '../reading.ts';
import { artifactsUsedAs, isMeasuring, nodesUsedAs } from '../roles.ts';
import { Facts } from './facts.ts';
import type { Finding } from './finding.ts';

/**
 * Models that depend on results of the benchmark that scores them: a checkpoint, threshold or hyperparameter was chosen on the
 * test set. Another benchmark that shows images or people of it counts as well.
 */
export const selection = async (lineage: Lineage, store: Reading): Promise<Finding[]> => {
  const facts = new Facts(store);
  const found: Finding[] = [];
  for (const scored of madeNodes(lineage)) {
    if (!isMeasuring(scored, 'accuracy')) continue;
    for (const model of nodesUsedAs(scored.node, 'scored-model'))
      for (const benchmarks of artifactsUsedAs(scored, 'benchmark')) {
        const choosers = await choosersOf(lineage, model, benchmarks, facts, store);
        if (choosers.length > 0) found.push(finding(scored, model, benchmarks, choosers));
      }
  }
  return found;
};

/** Nodes by which results on the benchmark, or on one that overlaps with it, went into a model. */
const choosersOf = async (
  lineage: Lineage,
  model: string,
  benchmarks: ArtifactRef,
  facts: Facts,
  store: Reading,
): Promise<Chooser[]> => {
  const choosers: Chooser[] = [];
  for (const each of ancestorsOf(lineage, model)) {
    const used = isMeasuring(each, 'accuracy')
      ? artifactsUsedAs(each, 'benchmark').map((by) => ({ by, how: '' }))
      : await decisiveIn(each, store);
    for (const { by, how } of used) if (await isOf(benchmarks, by, facts)) choosers.push({ id: each.node.id, how });
  }
  return choosers;
};

/** A node by which results went into a model, and what it took from them. */
interface Chooser {
  readonly id: string;
  readonly how: string;
}

/** What went by a validation, by the field of the weights that says so. */
const decided = { chosen: 'its epoch was chosen there', scheduled: 'its learning rate followed what it reached there' };

/** What a training went by, as its weights state it: one that only logged its validation decided nothing. */
const decisiveIn = async (made: MadeNode, store: Reading): Promise<{ by: ArtifactRef; how: string }[]> => {
  const validations = artifactsUsedAs(made, 'validation');
  if (validations.length === 0) return [];
  const weights = Object.values(made.record.outputs).filter(({ type }) => type === 'weights');
  const stated = await Promise.all(weights.map(async (ref) => weightsFields(await weightsCodec.read(store, ref))));
  return Object.entries(decided).flatMap(([name, how]) =>
    stated.flatMap((fields) => {
      const digest = fields.optional(name, () => fields.object(name).digest('by'));
      return validations.filter((each) => each.digest === digest).map((by) => ({ by, how }));
    }),
  );
};

const finding = ({ node }: MadeNode, model: string, { digest }: ArtifactRef, choosers: readonly Chooser[]): Finding => {
  const others = [...new Set(choosers.filter(({ id }) => id !== model).map(({ id }) => id))];
  const why = [
    ...choosers.filter(({ id }) => id === model).map(({ how }) => how),
    ...(others.length > 0 ? [`it depends on ${others.join(', ')}`] : []),
  ];
  return {
    kind: 'selection',
    severity: 'warning',
    message: `${node.id} scores ${model} on a benchmark that it was chosen by: ${why.join(', and ')}`,
    nodes: [node.id, model, ...others],
    evidence: { benchmarks: digest },
  };
};

const isOf = async (benchmarks: ArtifactRef, other: ArtifactRef, facts: Facts): Promise<boolean> =>
  benchmarks.digest === other.digest ||
  (await facts.people(benchmarks, other)).count > 0 ||
  (await facts.images(benchmarks, other)).count > 0;
