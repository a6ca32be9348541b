import type { ArtifactManifest, ArtifactRef } from '../core/artifact.ts';
import { CemiflowError, type Json } from '../core/errors.ts';
import { ancestorsOf, type Lineage, type MadeNode, madeNodes } from '../core/lineage.ts';
import type { PrivacyMetrics } from '../metrics/privacy.ts';
import { benchmarkName, count, fixed, percent, plain } from '../report/format.ts';
import { escapeMarkdown } from '../report/markdown.ts';
import { isReal } from './findings/real-faces.ts';
import type { Reading } from './reading.ts';
import { nodeOfParam } from './trace/chain.ts';
import { textOf } from './trace/numbers.ts';

/**
 * The card of a generated set, in Markdown: how it was made, whose faces stand upstream and under what licence, how near it
 * comes to real people, and how to verify it.
 *
 * @param id node of a `diffusion/generate` stage, such as `synthetic[m=0.5]`
 * @throws CemiflowError `CardInvalid` where the node made no generated set, and the store's for what is damaged
 */
export const datasetCard = async (lineage: Lineage, id: string, store: Reading): Promise<string> => {
  const made = madeNodes(lineage).find(({ node }) => node.id === id);
  const ref = made?.record.outputs.data;
  if (!made || !ref || made.record.action.kind !== 'diffusion/generate') throw noSet(lineage, id);
  const manifest = await store.getArtifact(ref);
  const upstream = await upstreamOf(lineage, id, store);
  const parts = [
    `# ${escapeMarkdown(id)} of ${escapeMarkdown(lineage.run.experiment)}`,
    whatItIs(manifest, fromPhotos(lineage, made, upstream)),
    '## How it was made',
    howMade(lineage, made),
    '## Data upstream',
    upstreamText(upstream),
    '## Privacy',
    await privacyText(lineage, made, store),
    '## Known limits',
    limits(upstream)
      .map((line) => `- ${line}`)
      .join('\n'),
    '## How to verify it',
    howToVerify(lineage, made, ref),
  ];
  return `${parts.join('\n\n')}\n`;
};

interface Upstream {
  readonly node: string;
  readonly manifest: ArtifactManifest;
  readonly real: boolean;
}

/** Datasets that were not generated, among all that the set stands on. */
const upstreamOf = async (lineage: Lineage, id: string, store: Reading): Promise<Upstream[]> => {
  const found: Upstream[] = [];
  for (const { node, record } of ancestorsOf(lineage, id)) {
    if (!record.action.kind.startsWith('data/')) continue;
    for (const ref of Object.values(record.outputs)) {
      const manifest = await store.getArtifact(ref);
      found.push({ node: node.id, manifest, real: isReal(manifest) });
    }
  }
  return found;
};

/** Whether the inquiry images are photos of people who exist. */
const fromPhotos = (lineage: Lineage, { node }: MadeNode, upstream: readonly Upstream[]): boolean => {
  const inquiries = lineage.run.plan.nodes.find(({ id }) => id === nodeOfParam(node, 'inquiries'));
  const source = inquiries && nodeOfParam(inquiries, 'data');
  return upstream.some((each) => each.real && each.node === source);
};

const whatItIs = ({ meta }: ArtifactManifest, photos: boolean): string => {
  const { identities, images, height, width, m, oversample } = meta;
  const asked =
    m === undefined ? 'for a grid of similarities m' : `asked for a cosine similarity of m = ${plain(m)} to it`;
  const copies =
    typeof oversample === 'number' && oversample > 0
      ? [
          `Each identity also holds its inquiry image itself, ${count(oversample)} ${oversample === 1 ? 'time' : 'times'}, added by oversampling${photos ? ': a photo of a person who exists' : ''}.`,
        ]
      : [];
  return [
    `${number(images)} face images of ${number(identities)} synthetic identities, ${plain(height)} × ${plain(width)} pixels.`,
    `A diffusion model made each identity around one inquiry image, ${asked} (CemiFace, NeurIPS 2024).`,
    ...copies,
  ].join(' ');
};

/** The parameters of each step between the set and the data upstream. */
const howMade = (lineage: Lineage, made: MadeNode): string => {
  const rows = ancestorsOf(lineage, made.node.id).filter(({ record }) => !record.action.kind.startsWith('data/'));
  return table(
    ['Step', 'Stage', 'Parameters', 'Seed'],
    rows.map(({ node, record: { action } }) => [
      node.id,
      action.kind,
      Object.entries(node.params)
        .filter(([, value]) => isSetting(value))
        .map(([name, value]) => `${name} ${plain(value)}`)
        .join(', '),
      plain(action.seed),
    ]),
  );
};

const isSetting = (value: Json): boolean => ['number', 'string', 'boolean'].includes(typeof value) && value !== '';

const upstreamText = (upstream: readonly Upstream[]): string =>
  [
    table(
      ['Data', 'Identities', 'Images', 'Faces', 'Licence', 'Consent'],
      upstream.map(({ node, manifest: { meta }, real }) => [
        node,
        number(meta.identities),
        number(meta.images),
        real ? 'of people who exist' : meta.origin === 'folder' ? 'synthetic, as its user says' : 'drawn by a program',
        real ? stated(meta.licence) : '–',
        real ? stated(meta.consent) : '–',
      ]),
    ),
    upstream.some(({ real }) => real)
      ? 'Faces of people who exist stand upstream: what their licence and consent allow binds this set as well.'
      : 'No photo of a person who exists stands upstream.',
  ].join('\n\n');

const stated = (value: Json | undefined): string => (typeof value === 'string' && value !== '' ? value : 'not stated');

const privacyText = async (lineage: Lineage, made: MadeNode, store: Reading): Promise<string> => {
  const judged = madeNodes(lineage).filter(
    ({ node, record }) => record.action.kind === 'evaluate/privacy' && nodeOfParam(node, 'data') === made.node.id,
  );
  if (judged.length === 0)
    return 'Not measured in this run. The stage `evaluate/privacy` finds the real identity nearest to each synthetic one, and how many are above the threshold of a match.';
  const lines = await Promise.all(
    judged.map(async ({ node, record }) => {
      const metrics = record.outputs.metrics as ArtifactRef;
      const found = JSON.parse(await textOf(store, metrics, 'metrics.json')) as PrivacyMetrics;
      return privacyLine(found, nodeOfParam(node, 'recognizer'), nodeOfParam(node, 'real'));
    }),
  );
  return [
    ...lines,
    'This says what one recognizer would take for one person; a low count is no proof that nobody is shown.',
  ].join('\n\n');
};

const privacyLine = (found: PrivacyMetrics, recognizer: string | undefined, real: string | undefined): string => {
  const { identities, images, ownInquiry, threshold, set } = found;
  const own = ownInquiry
    ? ` For ${count(ownInquiry.nearest)} the nearest is the inquiry that they were made from, ${count(ownInquiry.above)} of them above the threshold.`
    : '';
  return `Beside ${count(found.realIdentities)} identities of ${escapeMarkdown(real ?? 'real people')}, by the recognizer ${escapeMarkdown(recognizer ?? '')}: ${count(identities.count)} of ${count(identities.total)} synthetic identities (${percent(identities.share, 1)} %) and ${count(images.count)} of ${count(images.total)} images (${percent(images.share, 1)} %) are nearer to a real identity than the threshold of a match, a cosine of ${fixed(threshold, 3)} (${benchmarkName(set)}, mean over folds). The nearest real identity has a cosine of ${fixed(found.mean, 3)} on average and ${fixed(found.highest, 3)} at most.${own}`;
};

const limits = (upstream: readonly Upstream[]): string[] => [
  'Labels are by construction: that all images of an identity show one person is what the generator was asked for, not what was checked.',
  'Nothing was balanced or measured for age, gender or skin colour; what is uneven upstream is uneven here.',
  ...(upstream.some(({ real }) => !real)
    ? ['Faces drawn by a program are no faces of people: results on them do not carry over to photos.']
    : []),
  'Not for identifying people.',
];

const howToVerify = ({ root, run }: Lineage, made: MadeNode, { digest }: ArtifactRef): string =>
  [
    table(
      ['What', 'Digest'],
      [
        ['this set', `\`${digest}\``],
        ['its action', `\`${made.key}\``],
        ...(root ? [['the run', `\`${root.digest}\``]] : []),
      ],
      (cell) => cell,
    ),
    [
      '```',
      `cemiflow trace ${digest}`,
      `cemiflow audit ${run.id}`,
      `cemiflow audit ${run.id} --replay '${made.node.id}'`,
      '```',
    ].join('\n'),
  ].join('\n\n');

const number = (value: Json | undefined): string => (typeof value === 'number' ? count(value) : '–');

const table = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  shown: (cell: string) => string = escapeMarkdown,
): string =>
  [head, head.map(() => '---'), ...rows.map((row) => row.map(shown))].map((row) => `| ${row.join(' | ')} |`).join('\n');

const noSet = ({ run }: Lineage, id: string): CemiflowError =>
  new CemiflowError('CardInvalid', `${id} of ${run.id} is no generated set that was made`, {
    remedy: `name a node of diffusion/generate: ${run.plan.nodes
      .filter(({ kind }) => kind === 'diffusion/generate')
      .map((node) => node.id)
      .join(', ')}`,
    data: { run: run.id, node: id },
  });
