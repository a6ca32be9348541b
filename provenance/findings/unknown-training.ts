import { weightsCodec, weightsFields } from '../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { ancestorsOf, type Lineage, type MadeNode, madeNodes } from '../../core/lineage.ts';
import { dependenciesOf } from '../../core/plan.ts';
import { printable } from '../../core/printable.ts';
import type { Reading } from '../reading.ts';
import { isMeasuring, nodesUsedAs } from '../roles.ts';
import type { Finding } from './finding.ts';

/**
 * Networks that were trained outside of the run, on images that are not known here, and evaluations that depend on them: people
 * who must be unseen there may have been among those images. No other finding can look for that.
 */
export const unknownTraining = async (lineage: Lineage, store: Reading): Promise<Finding[]> => {
  /** Evaluations by the network that they depend on. */
  const users = new Map<string, { readonly network: MadeNode; readonly nodes: string[] }>();
  for (const made of madeNodes(lineage))
    for (const network of networksOf(lineage, made)) {
      const known = users.get(network.node.id) ?? { network, nodes: [] };
      users.set(network.node.id, known);
      known.nodes.push(made.node.id);
    }
  return Promise.all([...users.values()].map(({ network, nodes }) => finding(network, nodes, store)));
};

/** Networks from outside that an evaluation depends on. */
const networksOf = (lineage: Lineage, made: MadeNode): MadeNode[] => {
  const uses = isMeasuring(made, 'accuracy')
    ? (['scored-model'] as const)
    : isMeasuring(made, 'privacy')
      ? (['judged-data', 'compared-data', 'judge'] as const)
      : [];
  const upstream = uses
    .flatMap((use) => nodesUsedAs(made.node, use))
    .flatMap((id) => ancestorsOf(lineage, id))
    .filter((each) => dependenciesOf(each.node).length === 0 && weightsOf(each) !== undefined);
  return [...new Map(upstream.map((each) => [each.node.id, each])).values()];
};

const weightsOf = ({ record }: MadeNode): ArtifactRef | undefined =>
  Object.values(record.outputs).find(({ type }) => type === 'weights');

const finding = async (network: MadeNode, nodes: readonly string[], store: Reading): Promise<Finding> => {
  const fields = weightsFields(await weightsCodec.read(store, weightsOf(network) as ArtifactRef));
  const imported = fields.optional('imported', () => fields.object('imported'));
  const trainedOn = imported?.optional('trainedOn', (each) => each.string('trainedOn')) ?? '';
  const { id } = network.node;
  return {
    kind: 'leakage',
    severity: 'warning',
    message: `what ${id} was trained on is not known here (stated: ${printable(trainedOn || 'nothing')}): people that ${nodes.join(', ')} take for unseen may have been in it`,
    nodes: [id, ...nodes],
    evidence: { trainedOn },
  };
};
