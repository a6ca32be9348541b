import { type DatasetMeta, type DuplicatesFound, datasetCodec, peopleWords } from '../../artifacts/codecs/dataset.ts';
import { type Lineage, type MadeNode, madeNodes } from '../../core/lineage.ts';
import { distinctName, printable, quotedName } from '../../core/printable.ts';
import { firstFew, plural } from '../../core/words.ts';
import type { Reading } from '../reading.ts';
import { roleOf } from '../roles.ts';
import type { Finding } from './finding.ts';

/** What every set that came in from outside states of itself, and what was wrong with it. */
export const setFacts = async (lineage: Lineage, store: Reading): Promise<Finding[]> => {
  const found: Finding[] = [];
  for (const { node, meta } of await imported(lineage, store)) {
    found.push({
      kind: 'sets',
      severity: 'note',
      message: stated(node, meta),
      nodes: [node],
      evidence: evidenceOf(meta),
    });
    if (meta.similarNames) found.push(similar(node, meta.similarNames));
  }
  return found;
};

/** Photos that a set from outside holds more than once. */
export const duplicates = async (lineage: Lineage, store: Reading): Promise<Finding[]> => {
  const found: Finding[] = [];
  for (const { node, meta } of await imported(lineage, store)) {
    const { duplicates: twice } = meta;
    if (!twice) continue;
    if (twice.identityPairs > 0) found.push(samePhoto(node, twice));
    const { bytes, pixels, acrossIdentities } = twice;
    found.push({
      kind: 'duplicates',
      severity: 'note',
      message: `${node} holds ${plural(pixels, 'image')} more than once: ${bytes} with equal bytes, ${pixels - bytes} with equal pixels in another file`,
      nodes: [node],
      evidence: { bytes, pixels, acrossIdentities },
    });
  }
  return found;
};

const imported = async (
  lineage: Lineage,
  store: Reading,
): Promise<{ readonly node: string; readonly meta: DatasetMeta }[]> => {
  const sets: { readonly node: string; readonly meta: DatasetMeta }[] = [];
  for (const made of madeNodes(lineage).filter(isImport))
    for (const ref of Object.values(made.record.outputs))
      if (ref.type === 'dataset') sets.push({ node: made.node.id, meta: (await datasetCodec.read(store, ref)).meta });
  return sets;
};

const isImport = (made: MadeNode): boolean => roleOf(made) === 'real-data';

const stated = (node: string, meta: DatasetMeta): string => {
  const { images, identities, format, skipped, transparent = 0 } = meta;
  const said = (what: string, value: string | undefined): string => `${what}: ${printable(value || 'not stated')}`;
  return [
    `${node} came in${format ? ` as ${printable(format)}` : ''}: ${plural(images, 'image')} of ${plural(identities, 'identity', 'identities')}, ${peopleWords[meta.peopleShown]}`,
    said('licence', meta.licence),
    said('source', meta.source),
    said('consent', meta.consent),
    ...(skipped
      ? [
          `${plural(skipped.count, 'file')} left out: ${firstFew(skipped.files.map(quotedName), skipped.count, { between: ', ' })}`,
        ]
      : []),
    ...(transparent > 0 ? [`${plural(transparent, 'image')} with transparent pixels, which are read as black`] : []),
  ].join('; ');
};

const evidenceOf = ({ licence, source = '', consent, peopleShown, skipped, transparent = 0 }: DatasetMeta) => ({
  ...{ licence, source, consent, peopleShown, transparent },
  skipped: skipped?.count ?? 0,
});

const samePhoto = (node: string, { acrossIdentities, identityPairs, pairs }: DuplicatesFound): Finding => {
  const texts = pairs.map(
    ({ left, right, images }) => `${distinctName(left)} and ${distinctName(right)} (${plural(images, 'image')})`,
  );
  return {
    kind: 'duplicates',
    severity: 'warning',
    message: `${node} holds the same photo under two identities: ${firstFew(texts, identityPairs)}`,
    nodes: [node],
    evidence: { acrossIdentities, identityPairs, pairs: pairs.map((pair) => ({ ...pair })) },
  };
};

const similar = (node: string, { count, groups }: NonNullable<DatasetMeta['similarNames']>): Finding => {
  const texts = groups.map((group) => group.map(distinctName).join(' and '));
  return {
    kind: 'sets',
    severity: 'warning',
    message: `${node} has identities whose names differ only in capitals or in how accents are written, and who may be one person: ${firstFew(texts, count)}`,
    nodes: [node],
    evidence: { count, groups: groups.map((group) => [...group]) },
  };
};
