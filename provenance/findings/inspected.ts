import { datasetCodec } from '../../artifacts/codecs/dataset.ts';
import { readMetricsOf } from '../../artifacts/codecs/metrics.ts';
import { inspectionKind } from '../../artifacts/codecs/metrics-kinds.ts';
import type { JsonObject } from '../../core/errors.ts';
import { type Lineage, type MadeNode, madeNodes } from '../../core/lineage.ts';
import { distinctName, printable, quotedName } from '../../core/printable.ts';
import { firstFew, plural } from '../../core/words.ts';
import type { ComparedSet, InspectedIdentity, InspectionMetrics, Overlap } from '../../metrics/inspection.ts';
import type { Reading } from '../reading.ts';
import { artifactsUsedAs, isMeasuring, nodesUsedAs } from '../roles.ts';
import type { Finding } from './finding.ts';

/** Names that a message repeats. */
const named = 3;

/** What inspections of sets found: photos and people that are there twice, or that two sets share, and identities with few images. */
export const inspected = async (lineage: Lineage, store: Reading): Promise<Finding[]> => {
  const found: Finding[] = [];
  for (const made of madeNodes(lineage).filter((each) => isMeasuring(each, 'overlap'))) {
    const ref = Object.values(made.record.outputs).find(({ type }) => type === 'metrics');
    if (!ref) continue;
    const metrics = await readMetricsOf(store, ref, inspectionKind);
    const set = await lookedAt(made, store);
    found.push(
      ...withinSet(set, metrics),
      ...metrics.others.flatMap((other) => betweenSets(set, other, metrics.threshold)),
      ...fewImages(set, metrics),
    );
  }
  return found;
};

interface Looked {
  /** The inspection. */
  readonly node: string;
  /** The node that made the set. */
  readonly data: string;
  readonly generated: boolean;
  /** Whether the set's own manifest names photos under two identities: another finding has them. */
  readonly named: boolean;
}

const lookedAt = async (made: MadeNode, store: Reading): Promise<Looked> => {
  const [ref] = artifactsUsedAs(made, 'judged-data');
  const node = made.node.id;
  const meta = ref && (await datasetCodec.read(store, ref)).meta;
  return {
    node,
    data: nodesUsedAs(made.node, 'judged-data')[0] ?? node,
    generated: meta?.peopleShown === 'generated',
    named: (meta?.duplicates?.identityPairs ?? 0) > 0,
  };
};

const withinSet = ({ node, data, named: known }: Looked, { within, threshold }: InspectionMetrics): Finding[] => [
  ...(within.identityPairs > 0 && !known
    ? [
        finding([node, data], 'duplicates', {
          message: `${data} holds the same photo under two identities, by ${node}: ${pairsOf(within.samePhoto, within.identityPairs)}`,
          evidence: { acrossIdentities: within.acrossIdentities, identityPairs: within.identityPairs },
        }),
      ]
    : []),
  ...samePerson(within, (people) =>
    finding([node, data], 'same person', {
      message: `${data} may show one person under two names, by ${node}: ${plural(people.pairs, 'pair')} of identities above a cosine of ${shown(threshold)}: ${pairsOf(people.listed, people.pairs)}`,
      evidence: evidenceOf(people, threshold),
    }),
  ),
];

const betweenSets = (
  { node, data, generated }: Looked,
  other: ComparedSet,
  threshold: number | undefined,
): Finding[] => {
  const name = printable(other.set === undefined ? other.label : `${other.label}, ${other.set}`);
  const so =
    other.type === 'benchmarks'
      ? `: accuracy there of what is trained on ${data} is no measure of unseen people`
      : generated
        ? `: ${data} may repeat people instead of making new ones`
        : '';
  return [
    ...(other.pixels > 0
      ? [
          finding([node, data], 'leakage', {
            message: `${data} holds ${plural(other.pixels, 'image')} of ${name}, by ${node}: ${pairsOf(other.samePhoto, other.identityPairs)}${so}`,
            evidence: { bytes: other.bytes, pixels: other.pixels, identityPairs: other.identityPairs },
          }),
        ]
      : []),
    ...samePerson(other, (people) =>
      finding([node, data], 'leakage', {
        message: `${data} may show people of ${name}, by ${node}: ${plural(people.identities, 'identity', 'identities')} in ${plural(people.pairs, 'pair')} above a cosine of ${shown(threshold)}: ${pairsOf(people.listed, people.pairs)}${so}`,
        evidence: evidenceOf(people, threshold),
      }),
    ),
  ];
};

const fewImages = ({ node, data }: Looked, { empty, nearEmpty }: InspectionMetrics): Finding[] => {
  const { count, minImages, listed } = nearEmpty;
  const few = listed.map((each) => `${nameOf(each)} has ${each.images}`);
  const asList = { between: ', ', most: named };
  const parts = [
    ...(count > 0
      ? [
          `${plural(count, 'identity', 'identities')} with fewer than ${plural(minImages, 'image')}: ${firstFew(few, count, asList)}`,
        ]
      : []),
    ...(empty.count > 0
      ? [
          `${plural(empty.count, 'identity', 'identities')} without any image: ${firstFew(empty.names.map(quotedName), empty.count, asList)}`,
        ]
      : []),
  ];
  if (parts.length === 0) return [];
  return [
    {
      kind: 'sets',
      severity: 'note',
      message: `${data} has ${parts.join('; ')}`,
      nodes: [node, data],
      evidence: { empty: empty.count, nearEmpty: count, minImages },
    },
  ];
};

type Found = NonNullable<Overlap['samePerson']>;

const samePerson = ({ samePerson: people }: Overlap, make: (people: Found) => Finding): Finding[] =>
  people && people.pairs > 0 ? [make(people)] : [];

const evidenceOf = ({ identities, pairs, highest = -1 }: Found, threshold = 0): JsonObject => ({
  ...{ identities, pairs, highest, threshold },
});

const finding = (
  [node, data]: readonly [string, string],
  kind: Finding['kind'],
  { message, evidence }: Pick<Finding, 'message' | 'evidence'>,
): Finding => ({ kind, severity: 'warning', message, nodes: [...new Set([node, data])], evidence });

type Pair = Overlap['samePhoto'][number] | Found['listed'][number];

const pairsOf = (pairs: readonly Pair[], count: number): string => {
  const texts = pairs.map((pair) => {
    const how = 'cosine' in pair ? pair.cosine.toFixed(3) : plural(pair.images, 'image');
    return `${nameOf(pair.left)} and ${nameOf(pair.right)} (${how})`;
  });
  return firstFew(texts, count, { most: named });
};

const nameOf = ({ identity, name }: InspectedIdentity): string =>
  name === undefined ? `identity ${identity}` : distinctName(name);

const shown = (threshold: number | undefined): string => (threshold ?? 0).toFixed(3);
