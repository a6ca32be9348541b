import { type DatasetMeta, datasetCodec } from '../artifacts/codecs/dataset.ts';
import { type InquiryOrigin, inquiriesCodec } from '../artifacts/codecs/inquiries.ts';
import { readMetricsOf } from '../artifacts/codecs/metrics.ts';
import { privacyKind } from '../artifacts/codecs/metrics-kinds.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import { CemiflowError, type Json } from '../core/errors.ts';
import { ancestorsOf, type Lineage, type MadeNode, madeDataset, madeNodes } from '../core/lineage.ts';
import { nounFor } from '../core/words.ts';
import type { PrivacyMetrics } from '../metrics/privacy.ts';
import type { Proportion } from '../metrics/proportions.ts';
import { count, fixed, percent, plain, significant } from '../report/format.ts';
import { escapeMarkdown } from '../report/markdown.ts';
import { factsOfKind, loadStageSchemas } from '../schemas/stage-schemas.ts';
import { type CardFiles, filesText, hasReal, howToVerify, list, table, upstreamText } from './card-parts.ts';
import type { Reading } from './reading.ts';
import { artifactsUsedAs, isMeasuring, isRaw, nodesUsedAs, roleOf } from './roles.ts';
import { type Source, sourcesOf } from './upstream.ts';

/**
 * The card of a generated set, in Markdown: how it was made, whose faces are upstream and under what licence, how near it
 * comes to real people, and how to verify it.
 *
 * @param id node that generated a set, such as `synthetic[m=0.5]`
 * @throws CemiflowError `CardInvalid` where the node made no generated set, and the store's for what is damaged
 */
export const datasetCard = async (
  lineage: Lineage,
  id: string,
  store: Reading,
  files: CardFiles = 'stored',
): Promise<string> => {
  const found = madeDataset(lineage, id);
  if (!found || roleOf(found.made) !== 'generated-data') throw noSet(lineage, id);
  const { made, ref } = found;
  const { meta } = await datasetCodec.read(store, ref);
  const sources = await sourcesOf(lineage, id, store);
  const around = await originOfInquiries(made, store);
  const parts = [
    `# ${escapeMarkdown(id)} of ${escapeMarkdown(lineage.run.experiment)}`,
    whatItIs(made.record.action.kind, meta, await fromPhotos(lineage, made, store), around),
    '## How it was made',
    howMade(lineage, made),
    '## Data upstream',
    upstreamText(sources),
    photosUpstream(sources),
    '## Privacy',
    await privacyText(lineage, made, store),
    '## Files',
    filesText(made, lineage, files, meta.peopleShown),
    '## Known limits',
    list(limits(sources)),
    '## How to verify it',
    howToVerify(lineage, made, ref),
  ];
  return `${parts.join('\n\n')}\n`;
};

/** Whether the images that identities were made around are photos of people who exist. */
const fromPhotos = async (lineage: Lineage, { node }: MadeNode, store: Reading): Promise<boolean> => {
  const made = new Map(madeNodes(lineage).map((each) => [each.node.id, each]));
  for (const id of nodesUsedAs(node, 'inquiries')) {
    const chooser = made.get(id);
    if (!chooser) continue;
    // A stage of an unknown kind may have taken its images from anything upstream of it.
    const origins = roleOf(chooser) === 'unknown' ? [id] : nodesUsedAs(chooser.node, 'candidates');
    for (const origin of origins)
      if ((await sourcesOf(lineage, origin, store)).some(({ peopleShown }) => peopleShown === 'real')) return true;
  }
  return false;
};

/** A count with thousands separated, and its noun. */
const counted = (value: number, noun: string, many?: string): string => `${count(value)} ${nounFor(value, noun, many)}`;

/** What the identities were made around; undefined where the generator took no inquiries. */
const originOfInquiries = async (made: MadeNode, store: Reading): Promise<InquiryOrigin | undefined> => {
  const [ref] = artifactsUsedAs(made, 'inquiries');
  // A generator may take a dataset as its inquiries.
  return ref?.type === 'inquiries' ? (await inquiriesCodec.read(store, ref)).meta.origin : ref && 'images';
};

const inquiryWords: { readonly [origin in InquiryOrigin]: string } = {
  images: 'inquiry image',
  centers: 'identity center, a vector without an image',
  random: 'random vector, which has no image',
};

const whatItIs = (kind: string, meta: DatasetMeta, photos: boolean, around: InquiryOrigin | undefined): string => {
  const { identities, images, height, width, oversample = 0 } = meta;
  const title = loadStageSchemas().get(kind)?.title;
  return [
    `${counted(images, 'face image')} of ${counted(identities, 'synthetic identity', 'synthetic identities')}, ${height} × ${width} pixels.`,
    `Made by the stage ${kind}${title ? `: ${escapeMarkdown(title)}` : ''}.`,
    ...(around ? [`Each identity was made around one ${inquiryWords[around]}${askedFor(meta)}.`] : []),
    ...(oversample > 0
      ? [
          `Each identity also holds its inquiry image itself, ${count(oversample)} ${nounFor(oversample, 'time')}, added by oversampling${photos ? ': a photo of a person who exists' : ''}.`,
        ]
      : []),
  ].join(' ');
};

/** The similarity to the inquiry image that the generator was asked for. */
const askedFor = ({ m, mixture }: DatasetMeta): string => {
  if (m !== undefined) return `, asked for a cosine similarity of m = ${plain(m)} to it`;
  if (mixture === undefined) return '';
  return 'among' in mixture
    ? `, its images asked in turn for a cosine similarity of m = ${mixture.among.map(plain).join(', ')} to it`
    : `, each image asked for a cosine similarity m to it, drawn uniformly from ${plain(mixture.lowest)} to ${plain(mixture.highest)}`;
};

/** The parameters of each step between the set and the data upstream. */
const howMade = (lineage: Lineage, made: MadeNode): string => {
  const rows = ancestorsOf(lineage, made.node.id).filter((each) => !isRaw(each));
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

const photosUpstream = (sources: readonly Source[]): string => {
  if (hasReal(sources))
    return 'Faces of people who exist are upstream: what their licence and consent allow binds this set as well.';
  const imported = sources.filter(({ peopleShown }) => peopleShown === 'generated').map(({ node }) => node);
  return imported.length === 0
    ? 'No photo of a person who exists is upstream.'
    : `No photo of a person who exists is known to be upstream. What the generator of ${imported.join(', ')} learned from is not known.`;
};

const privacyText = async (lineage: Lineage, made: MadeNode, store: Reading): Promise<string> => {
  const judged = madeNodes(lineage).filter(
    (each) => isMeasuring(each, 'privacy') && nodesUsedAs(each.node, 'judged-data').includes(made.node.id),
  );
  if (judged.length === 0)
    return 'Not measured in this run: no stage looked for the real identity nearest to each synthetic one.';
  const lines = await Promise.all(
    judged.map(async ({ node, record }) => {
      const ref = Object.values(record.outputs).find(({ type }) => type === 'metrics') as ArtifactRef;
      const found = await readMetricsOf(store, ref, privacyKind);
      return privacyLine(found, nodesUsedAs(node, 'judge').join(', '), nodesUsedAs(node, 'compared-data').join(', '));
    }),
  );
  return [
    ...lines,
    'This says which faces one recognizer would match; a rate like that of strangers does not prove that no real person is shown.',
  ].join('\n\n');
};

const privacyLine = (found: PrivacyMetrics, recognizer: string, real: string): string => {
  const { identities, images, ownInquiry, realIdentities, fpir } = found;
  const rate = ({ count: some, total, share, lowest, highest }: Proportion, noun: string, many?: string): string =>
    `${count(some)} of ${counted(total, noun, many)} (${percent(share, 1)} %, 95 % interval ${percent(lowest, 1)} to ${percent(highest, 1)} %)`;
  const own = ownInquiry
    ? ` For ${rate(ownInquiry.nearest, 'identity', 'identities')} the nearest is the inquiry that they were made from, ${count(ownInquiry.above)} of them above the threshold; chance alone gives ${percent(ownInquiry.chance, 1)} %.`
    : '';
  return `Searched among ${counted(realIdentities, 'identity', 'identities')} of ${escapeMarkdown(real || 'real people')}, by the recognizer ${escapeMarkdown(recognizer)}, at a threshold set for a false positive identification rate of ${significant(fpir * 100)} %: ${rate(identities.generated, 'synthetic identity', 'synthetic identities')} and ${rate(identities.strangers, 'stranger')} are nearer to a real identity than the threshold, a cosine of ${fixed(identities.threshold, 3)}. Of single images: ${rate(images.generated, 'image')}, and ${rate(images.strangers, 'image')} of strangers, above ${fixed(images.threshold, 3)}. The nearest real identity has a mean cosine of ${fixed(identities.mean.generated, 3)}, for strangers ${fixed(identities.mean.strangers, 3)}.${own}`;
};

/** What users of a generated set should know before they use it. */
export const limits = (sources: readonly Source[]): string[] => [
  'Labels are by construction: that all images of an identity show one person is what the generator was asked for, not what was checked.',
  'Nothing was balanced or measured for age, gender or skin colour; what is uneven upstream is uneven here.',
  ...(sources.some(({ peopleShown }) => peopleShown !== 'real')
    ? ['Faces that a program made are no faces of people: results on them do not carry over to photos.']
    : []),
  'Not for identifying people.',
];

const noSet = ({ run }: Lineage, id: string): CemiflowError =>
  new CemiflowError('CardInvalid', `${id} of ${run.id} is no generated set that was made`, {
    remedy: `name a node that generated one: ${run.plan.nodes
      .filter(({ kind }) => factsOfKind(kind).role === 'generated-data')
      .map((node) => node.id)
      .join(', ')}`,
    data: { run: run.id, node: id },
  });
