import { canonicalJson } from '../../core/canonical.ts';
import type { JsonObject } from '../../core/errors.ts';
import { ancestorsOf, type Lineage, type MadeNode, madeNodes } from '../../core/lineage.ts';
import { nodeOfParam } from '../trace/chain.ts';
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
    // What is no random draw of its own, such as an evaluation, repeats what it stands on.
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

/** Recognizers that judge a generated set from outside, and began from the first weights of the generator's own. */
const judges = (lineage: Lineage): Finding[] => {
  const nodes = new Map(madeNodes(lineage).map((made) => [made.node.id, made]));
  const told = new Map<string, Finding>();
  for (const { node, record } of nodes.values()) {
    if (record.action.kind !== 'evaluate/similarity') continue;
    const judge = nodes.get(nodeOfParam(node, 'recognizer') ?? '');
    const generator = ancestorsOf(lineage, nodeOfParam(node, 'data') ?? '').find(
      (each) => each.record.action.kind === 'diffusion/train',
    );
    const own = generator && nodes.get(nodeOfParam(generator.node, 'recognizer') ?? '');
    if (!judge || !own || judge.key === own.key || firstWeights(judge) !== firstWeights(own)) continue;
    told.set(judge.node.id, {
      kind: 'seeds',
      severity: 'warning',
      message: `${judge.node.id} judges what ${generator.node.id} makes, and shares seed and network with its own recognizer ${own.node.id}: both began from the same weights`,
      nodes: [judge.node.id, own.node.id],
      evidence: { seed: judge.record.action.seed },
    });
  }
  return [...told.values()];
};

/** What a recognizer's first weights are drawn from. */
const firstWeights = ({ record: { action } }: MadeNode): string =>
  canonicalJson({ kind: action.kind, seed: action.seed, network: action.params.network ?? null });
