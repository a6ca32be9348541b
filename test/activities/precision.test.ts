import { beforeAll, describe, expect, it } from 'vitest';
import { stage as centers } from '../../activities/centers-compute/stage.ts';
import { stage as importIjb } from '../../activities/data-import-ijb/stage.ts';
import { stage as inspection } from '../../activities/data-inspect/stage.ts';
import { stage as frechet } from '../../activities/evaluate-frechet/stage.ts';
import { stage as identification } from '../../activities/evaluate-identification/stage.ts';
import { stage as privacy } from '../../activities/evaluate-privacy/stage.ts';
import { stage as similarity } from '../../activities/evaluate-similarity/stage.ts';
import { stage as templates } from '../../activities/evaluate-templates/stage.ts';
import { stage as verification } from '../../activities/evaluate-verification/stage.ts';
import { stage as selection } from '../../activities/inquiry-select/stage.ts';
import { stage as recognizer } from '../../activities/recognizer-train/stage.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { StageKind } from '../../core/stage.ts';
import { decodeSafetensors } from '../../formats/safetensors.ts';
import { stage as generator } from '../../methods/cemiface/train/stage.ts';
import type { Precision } from '../../nn/compile/index.ts';
import { putInquiries, putRecognizer, tinyNetwork } from '../methods/cemiface/tiny.ts';
import { ijbFolder } from './ijb-folder.ts';
import { side, toyBenchmarks, toyContext, toyDataset, toyTraining } from './toy.ts';

const context = toyContext();
const { store } = context;
const refs = {} as Record<'data' | 'real' | 'strangers' | 'recognizer' | 'inquiries' | 'benchmarks', ArtifactRef>;

beforeAll(async () => {
  refs.data = await toyDataset(store, 4, 4);
  refs.real = await toyDataset(store, 4, 2, 20);
  refs.strangers = await toyDataset(store, 8, 2, 40);
  refs.recognizer = await putRecognizer(store);
  refs.inquiries = await putInquiries(store, 4);
  refs.benchmarks = await toyBenchmarks(store, 60);
});

/** All float32 numbers in the safetensors files of an artifact. */
const floatsIn = async (ref: ArtifactRef): Promise<number[]> => {
  const { files } = await store.getArtifact(ref);
  const wanted = files.filter(({ path }) => path.endsWith('.safetensors'));
  const tensors = await Promise.all(wanted.map(async ({ digest }) => decodeSafetensors(await store.getBlob(digest))));
  return tensors.flatMap((file) =>
    Object.values(file).flatMap(({ dtype, data }) => (dtype === 'F32' ? [...(data as Float32Array)] : [])),
  );
};

/** Templates whose lists and crops lie in a folder. */
const ijb = async (): Promise<ArtifactRef> => {
  const lists = { faces: 'meta/faces.txt', pairs: 'meta/pairs.txt', points: '', images: 'crops' };
  const facts = {
    set: 'ijbc',
    align: false,
    size: side,
    links: 'inside',
    licence: '',
    source: '',
    consent: '',
  } as const;
  const places = { path: await ijbFolder() };
  return (await importIjb.run({ ...lists, ...facts }, { ...context, places })).benchmarks as ArtifactRef;
};

const shared = { recompute: false, microBatch: 0 };

/** Stages of each family, with the output whose numbers are compared. */
const families: Record<string, { output: string; run(precision: Precision): Promise<Outputs> }> = {
  'recognizer/train': {
    output: 'weights',
    run: (precision) => run(recognizer, { ...toyTraining, ...shared, data: refs.data, epochs: 2, batch: 8, precision }),
  },
  'diffusion/train': {
    output: 'weights',
    run: (precision) => {
      const { imageSize, identitySize, ...network } = tinyNetwork;
      return run(generator, {
        ...{ ...shared, data: refs.data, recognizer: refs.recognizer, network, precision },
        ...{ epochs: 2, batch: 8, lr: 1e-4, warmup: 0, decay: 'constant', weightDecay: 0.01, emaMaximum: 0.9 },
        ...{ lambda: 0.05, timesteps: 100, snrFactor: 1, flip: true },
        similarity: { lowest: -1, highest: 1, interval: 0.25, measure: 'cosine' },
      });
    },
  },
  'centers/compute': {
    output: 'centers',
    run: (precision) => run(centers, { ...judged('data', 'recognizer'), source: 'mean', groups: 2, precision }),
  },
  'inquiry/select': {
    output: 'inquiries',
    run: (precision) =>
      run(selection, {
        ...judged('data', 'recognizer'),
        ...{ count: 4, maxSimilarity: 1, threshold: null, imagesPerIdentity: 1, precision },
      }),
  },
  'evaluate/verification': {
    output: 'scores',
    run: (precision) => run(verification, { ...judged('recognizer', 'benchmarks'), sets: [], precision }),
  },
  'evaluate/identification': {
    output: 'scores',
    run: (precision) =>
      run(identification, { recognizer: refs.recognizer, gallery: refs.data, galleryImages: 1, precision }),
  },
  'evaluate/templates': {
    output: 'scores',
    run: async (precision) =>
      run(templates, { recognizer: refs.recognizer, benchmarks: await ijb(), weighting: 'none', precision }),
  },
  'evaluate/similarity': {
    output: 'scores',
    run: (precision) => run(similarity, { ...judged('data', 'inquiries', 'recognizer'), precision }),
  },
  'data/inspect': {
    output: 'scores',
    run: (precision) =>
      run(inspection, {
        ...{ ...judged('data', 'recognizer'), others: [], minSimilarity: -1, threshold: null },
        ...{ minImages: 2, listed: 1, pictures: 0, precision },
      }),
  },
  'evaluate/frechet': {
    output: 'scores',
    run: (precision) =>
      run(frechet, { data: refs.data, reference: refs.real, recognizer: refs.recognizer, images: 10_000, precision }),
  },
  'evaluate/privacy': {
    output: 'scores',
    run: (precision) => run(privacy, { ...judged('data', 'real', 'strangers', 'recognizer'), fpir: 0.25, precision }),
  },
};

const run = <P>(stage: StageKind<P>, params: unknown): Promise<Outputs> => stage.run(params as P, context);

const judged = (...names: (keyof typeof refs)[]) => Object.fromEntries(names.map((name) => [name, refs[name]]));

describe('bfloat16', () => {
  it.each(Object.keys(families))('changes the numbers of %s, and only a little', async (kind) => {
    const { output, run: make } = families[kind] as (typeof families)[string];
    const [float, low] = await Promise.all(
      (['float32', 'bfloat16'] as const).map(async (precision) =>
        floatsIn((await make(precision))[output] as ArtifactRef),
      ),
    );
    const [expected, found] = [float as number[], low as number[]];
    expect(found).toHaveLength(expected.length);
    expect(found).not.toEqual(expected);
    const size = Math.hypot(...expected);
    const difference = Math.hypot(...expected.map((value, i) => value - (found[i] as number)));
    // Two trainings move apart with each step.
    expect(difference / size).toBeLessThan(kind.endsWith('/train') ? 0.1 : 0.02);
  });

  it('is the same again', async () => {
    const { run: make } = families['recognizer/train'] as (typeof families)[string];
    expect(await make('bfloat16')).toEqual(await make('bfloat16'));
  });
});
