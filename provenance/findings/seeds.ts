import { canonicalJson } from '../../core/canonical.ts';
import type { JsonObject } from '../../core/errors.ts';
import { ancestorsOf, type Lineage, type MadeNode, madeNodes } from '../../core/lineage.ts';
import type { PlanNode } from '../../core/plan.ts';
import type { InputUse } from '../../schemas/roles.ts';
import { isMeasuring, nodesUsedAs, roleOf } from '../roles.ts';
import type { Finding } from './finding.ts';

/** Axes that promise repetitions which are independent of each other. */
const repetition = /^(seeds?|repeats?|repetitions?|replicates?|trials?)$/i;

/** Seeds that are the same where independence is claimed. */
export const seeds = (lineage: Lineage): Finding[] => [...repeated(lineage), ...judges(lineage)];

/** Nodes that differ in an axis of repetitions alone, and yet have one seed. */
const repeated = (lineage: Lineage): Finding[] => {
  const groups = new Map<string, MadeNode[]>();
  for (const made of madeNodes(lineage)) {
    const { stage, matrix } = made.node;
    const axes = Object.entries(matrix);
    if (!axes.some(([axis]) => repetition.test(axis))) continue;
    const rest = Object.fromEntries(axes.filter(([axis]) => !repetition.test(axis)));
    // What draws nothing at random itself, such as an evaluation, repeats what it depends on.
    const own = canonicalJson({ stage, rest: rest as JsonObject, seed: made.record.action.seed });
    groups.set(own, [...(groups.get(own) ?? []), made]);
  }
  return [...groups.values()]
    .filter((group) => group.length > 1 && new Set(group.map(({ key }) => key)).size < group.length)
    .map((group) => ({
      kind: 'seeds',
      severity: 'warning',
      message: `${group.map(({ node }) => node.id).join(', ')} are named repetitions, and are the same action with the seed ${group[0]?.record.action.seed}`,
      nodes: group.map(({ node }) => node.id),
      evidence: { seed: group[0]?.record.action.seed ?? 0 },
    }));
};

/** Models that judge a generated set as outsiders, and began from the same weights as the one that guided its generator. */
const judges = (lineage: Lineage): Finding[] => {
  const nodes = new Map(madeNodes(lineage).map((made) => [made.node.id, made]));
  const used = (node: PlanNode, use: InputUse): MadeNode[] =>
    nodesUsedAs(node, use).flatMap((id) => nodes.get(id) ?? []);
  const found = new Map<string, Finding>();
  for (const evaluation of nodes.values()) {
    if (!isMeasuring(evaluation, 'similarity')) continue;
    const generators = nodesUsedAs(evaluation.node, 'judged-data')
      .flatMap((id) => ancestorsOf(lineage, id))
      .filter((each) => roleOf(each) === 'generator');
    for (const judge of used(evaluation.node, 'judge'))
      for (const generator of generators)
        for (const guide of used(generator.node, 'guide'))
          if (judge.key !== guide.key && firstWeights(judge) === firstWeights(guide))
            found.set(judge.node.id, sameStart(judge, generator, guide));
  }
  return [...found.values()];
};

const sameStart = (judge: MadeNode, generator: MadeNode, guide: MadeNode): Finding => ({
  kind: 'seeds',
  severity: 'warning',
  message: `${judge.node.id} judges what ${generator.node.id} makes, and shares seed and network with ${guide.node.id}, which guided its training: both began from the same weights`,
  nodes: [judge.node.id, guide.node.id],
  evidence: { seed: judge.record.action.seed },
});

/** What a network's first weights are drawn from. */
const firstWeights = ({ record: { action } }: MadeNode): string =>
  canonicalJson({ kind: action.kind, seed: action.seed, network: action.params.network ?? null });
