import { toJson } from '../../artifacts/finite.ts';
import { type ArtifactType, artifactTypes, type FileEntry } from '../../core/artifact.ts';
import { canonicalJson } from '../../core/canonical.ts';
import { type Digest, digestOfJson, isDigest } from '../../core/digest.ts';
import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import { type Lineage, madeNodes } from '../../core/lineage.ts';
import { plural } from '../../core/words.ts';
import { loadStageSchemas } from '../../schemas/stage-schemas.ts';
import { moduleDigest } from '../../spec/code-digest.ts';
import type { Notice } from '../publish/page.ts';
import type { Reading } from '../reading.ts';
import type { Text } from './crate/data.ts';
import { crateFile, crateOf } from './crate/index.ts';
import { croissantFile, imageSetOf } from './croissant.ts';
import { uriOf } from './entity.ts';
import { type Held, type Holdings, holdingsOf } from './held.ts';
import { licenceOf } from './licence.ts';
import { reportTexts } from './report.ts';
import { generatedSets, setTexts } from './sets.ts';
import { readmeText, workflowTexts } from './texts.ts';

export const bundleFile = 'bundle.json';
/** The folder that holds the objects, each under its key in the store. */
export const objectsFolder = 'store';
/** Counts up when the same records come to give other files. */
export const bundleFormat = 1;

/** What a bundle says of itself. All else follows from this and from the objects. */
export interface BundleFacts {
  readonly format: number;
  readonly run: string;
  readonly root: Digest;
  /** Types of artifacts whose files were left out. */
  readonly without: readonly ArtifactType[];
  /** Nodes whose files were kept all the same; absent where there were none. */
  readonly keep?: readonly string[];
  /** Digest of the code that wrote it. */
  readonly publisher: Digest;
}

/** Digest of what writes bundles in this checkout: its code, and what the schemas say of stage kinds. */
export const bundlerHere = async (): Promise<Digest> => {
  const kinds = [...loadStageSchemas().values()].map(({ kind, title, facts }) => [kind, title, toJson(facts, kind)]);
  return digestOfJson([await moduleDigest('provenance/export/bundle.ts'), kinds]);
};

/** Types that a bundle can do without; what the report and its numbers are read from always goes with it. */
export const dispensable: readonly ArtifactType[] = artifactTypes.filter(
  (type) => !['metrics', 'report', 'code', 'run', 'adoption'].includes(type),
);

/** Files of artifacts of these types that no other artifact of the bundle has as well: none of another type, and none that a kept node made. */
export const leftOutFiles = (
  lineage: Lineage,
  { artifacts }: Holdings,
  { without, keep = [] }: Pick<BundleFacts, 'without' | 'keep'>,
): FileEntry[] => {
  const made = madeNodes(lineage).filter(({ node }) => keep.includes(node.id));
  const needed = new Set(made.flatMap(({ record }) => Object.values(record.outputs).map(({ digest }) => digest)));
  const isOut = ({ ref }: Held): boolean => without.includes(ref.type) && !needed.has(ref.digest);
  const kept = new Set(
    artifacts.filter((held) => !isOut(held)).flatMap(({ manifest }) => manifest.files.map(({ digest }) => digest)),
  );
  const out = artifacts.filter(isOut).flatMap(({ manifest }) => manifest.files);
  return [...new Map(out.filter(({ digest }) => !kept.has(digest)).map((file) => [file.digest, file])).values()];
};

/**
 * Every file of a bundle but its objects: report, crate, descriptions and cards of generated sets, and `bundle.json`. They follow
 * from the objects of the bundle alone, so that an audit can make them again.
 *
 * @param keyOf the key of a blob in the store
 * @param asFound a file that takes the place of the one that would be written, if there is one
 */
export const bundleTexts = async (
  lineage: Lineage,
  facts: BundleFacts,
  store: Reading,
  {
    findings,
    keyOf,
    asFound = async () => undefined,
  }: {
    readonly findings: readonly Notice[];
    readonly keyOf: (digest: Digest) => string;
    readonly asFound?: (path: string) => Promise<string | undefined>;
  },
): Promise<Text[]> => {
  const holdings = await holdingsOf(lineage, store);
  const leftOut = leftOutFiles(lineage, holdings, facts);
  const absent = new Set(leftOut.map(({ digest }) => digest));
  const place = (digest: Digest): string | undefined =>
    absent.has(digest) ? undefined : `${objectsFolder}/${keyOf(digest)}`;
  const sets: Text[] = [];
  for (const { id, folder } of generatedSets(lineage)) {
    const contentUrl = ({ digest }: FileEntry): string => `../../${objectsFolder}/${uriOf(keyOf(digest))}`;
    const texts = await setTexts(lineage, id, store, { folder, contentUrl });
    // Croissant describes images to be loaded; without the images it is of no use.
    const whole = (await imageSetOf(lineage, id, store)).shards.every(({ digest }) => !absent.has(digest));
    sets.push(...texts.filter(({ path }) => whole || !path.endsWith(croissantFile)));
  }
  const listed = leftOut.map(({ path, digest, bytes }): JsonObject => ({ path, digest, bytes }));
  const about: Text = {
    path: bundleFile,
    text: `${canonicalJson({ ...(facts as unknown as JsonObject), leftOut: listed })}\n`,
    mediaType: 'application/json',
    name: 'What the bundle is, and what it does without',
  };
  const workflow = workflowTexts(lineage);
  const licence = await licenceOf(lineage, store);
  const readme = readmeText(lineage, licence, [
    `\`report/\` is the report, \`${crateFile}\` describes every action and file (Provenance Run Crate 0.5), \`sets/\` describes generated sets (Croissant 1.1), and \`${objectsFolder}/\` holds the objects, each under its digest.`,
    'Check all of it, without a store or a network: `cemiflow audit --bundle .`',
    ...(leftOut.length > 0 ? [`Left out: ${plural(leftOut.length, 'file')} of ${facts.without.join(', ')}.`] : []),
  ]);
  const written = [readme, ...((await reportTexts(lineage, store, findings)) ?? []), ...sets, about];
  const texts = await Promise.all(
    written.map(async (each) => ({ ...each, text: (await asFound(each.path)) ?? each.text })),
  );
  const crate = crateOf({ lineage, holdings, place, workflow, texts, licence });
  const description = { path: crateFile, text: crate, mediaType: 'application/ld+json', name: 'The crate' };
  return [...workflow, ...texts, description];
};

/** @throws CemiflowError `BundleInvalid`, `BundleFormat` where another version of cemiflow wrote it */
export const parseFacts = (text: string, path: string): BundleFacts & { readonly leftOut: readonly Digest[] } => {
  let found: { [name: string]: unknown };
  try {
    found = JSON.parse(text);
  } catch (cause) {
    throw invalid(path, 'is no JSON', cause);
  }
  if (found === null || typeof found !== 'object') throw invalid(path, 'is no object');
  const { format, run, root, without, keep, publisher, leftOut } = found as unknown as BundleFacts & {
    leftOut: { digest: Digest }[];
  };
  if (typeof format === 'number' && format !== bundleFormat)
    throw new CemiflowError('BundleFormat', `${path} is of format ${format}, this cemiflow audits ${bundleFormat}`, {
      remedy: 'audit it with the cemiflow that wrote it',
      data: { path, format },
    });
  if (
    typeof run !== 'string' ||
    !isDigest(root) ||
    !isDigest(publisher) ||
    !Array.isArray(without) ||
    !(keep === undefined || Array.isArray(keep)) ||
    !Array.isArray(leftOut) ||
    !leftOut.every((file) => isDigest(file?.digest))
  )
    throw invalid(path, 'does not say what run it is of');
  return { format, run, root, without, ...(keep && { keep }), publisher, leftOut: leftOut.map(({ digest }) => digest) };
};

const invalid = (path: string, problem: string, cause?: unknown): CemiflowError =>
  new CemiflowError('BundleInvalid', `${path} ${problem}`, {
    remedy: 'name a folder that "cemiflow export RUN --bundle" wrote',
    data: { path },
    cause,
  });
