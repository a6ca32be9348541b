import { weightsCodec } from '../../../artifacts/codecs/weights.ts';
import type { Outputs } from '../../../core/action.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import type { JsonObject } from '../../../core/errors.ts';
import { randomStream } from '../../../core/random.ts';
import type { ShardedStageKind, StageContext } from '../../../core/stage.ts';
import { type Images, pixelsOf } from '../../../data/images.ts';
import { loadInquiries, requireImages } from '../../../data/inquiries.ts';
import { type CopyRecipe, maker as copies } from '../../../data/loader/copies.ts';
import { joinDatasets } from '../../../training/diffusion/join.ts';
import type { SampleJob } from '../../../training/diffusion/sample.ts';
import { subjectShards, writeSubjects } from '../../../training/diffusion/subjects.ts';
import { type InputContext, loading, withInput } from '../../../training/input.ts';
import { generatorMetaOf } from '../weights.ts';
import { type DdimOptions, type Generator, withGenerator } from './generator.ts';

/** `schema.json` */
interface Params extends DdimOptions {
  readonly generator: ArtifactRef;
  readonly inquiries: ArtifactRef;
  readonly styles: ArtifactRef;
  readonly identities: number;
  readonly skip: number;
  readonly images: number;
  readonly oversample: number;
  readonly shardIdentities: number;
}

/** One shard: what it needs and nothing else, so that a set that grows keeps the shards that it had. */
type Shard = JsonObject &
  DdimOptions & {
    readonly generator: ArtifactRef & JsonObject;
    /** The identity images of this shard alone. */
    readonly inquiries: ArtifactRef & JsonObject;
    readonly styles: ArtifactRef & JsonObject;
    readonly firstIdentity: number;
    readonly images: number;
    readonly oversample: number;
  };

/** `dcface/generate`: images of the person of each identity image, in the styles of others. */
export const stage: ShardedStageKind<Params, Shard> = {
  split: (params, context) => withInput(context, copies, (input) => split(params, input)),
  runShard: (shard, context) => generate(shard, context),
  join: async (_params, shards, { store }) => ({ data: await joinDatasets(shards, store) }),
};

const split = async (params: Params, input: InputContext<CopyRecipe>): Promise<Shard[]> => {
  const { store } = input;
  const { generator, styles, images, oversample, steps, batch, eta, epsilon, precision } = params;
  const all = await loadInquiries(store, params.inquiries, loading(input));
  requireImages(params.inquiries, all, 'select identity images by inquiry/select');
  const { recognizer } = generatorMetaOf(await weightsCodec.read(store, generator));
  return (await subjectShards(store, all, params, all.recognizer ?? recognizer)).map((shard) => ({
    generator: { ...generator },
    styles: { ...styles },
    ...shard,
    ...{ images, oversample, steps, batch, eta, epsilon, precision },
  }));
};

const generate = async (shard: Shard, context: StageContext): Promise<Outputs> => {
  const { store, seed } = context;
  const inquiries = await loadInquiries(store, shard.inquiries);
  const pictureOf = (row: number) => pixelsOf(inquiries.pictures as Images, inquiries.rows[row] as number);
  return withGenerator(store, shard, shard, async (generator) => {
    const job = await jobOf(generator, shard, { count: inquiries.count, pictureOf, seed });
    const pixels = await generator.sampler.sample(job, context);
    return { data: await writeSubjects(store, pixels, generator.sampler.size, { ...shard, inquiries }) };
  });
};

interface Job {
  readonly count: number;
  readonly seed: number;
  pictureOf(row: number): Uint8Array | Promise<Uint8Array>;
}

const jobOf = async (
  generator: Generator,
  { firstIdentity, images }: Shard,
  { count, seed, pictureOf }: Job,
): Promise<SampleJob> => {
  const { styles } = generator;
  const identities = await generator.identities(
    firstIdentity,
    Array.from({ length: count }, (_, row) => pictureOf(row)),
  );
  const stylePictures = Array.from({ length: count * images }, (_, k) => {
    const [identity, image] = [firstIdentity + Math.floor(k / images), k % images];
    // A function of these numbers alone, so that a set that grows keeps its images.
    const row = Math.floor(randomStream(seed, 'dcface style', identity, image)() * styles.count);
    return pixelsOf(styles, row);
  });
  const styled = await generator.stylesOf(firstIdentity * images, stylePictures);
  return {
    first: firstIdentity,
    identities: count,
    images,
    conditionsOf: (identity, image) => {
      const row = identity - firstIdentity;
      return { ...identities[row], ...styled[row * images + image] };
    },
  };
};
