import { beforeAll, describe, expect, it } from 'vitest';
import { stage as recognizer } from '../../activities/recognizer-train/stage.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { Attempt } from '../../core/checkpoint.ts';
import { digestOf } from '../../core/digest.ts';
import type { StageContext, StageKind } from '../../core/stage.ts';
import { ActionAttempt } from '../../engine/attempt.ts';
import type { Told } from '../../engine/watch.ts';
import { stage as diffusion } from '../../methods/cemiface/train/stage.ts';
import { stage as dcface } from '../../methods/dcface/train/stage.ts';
import { stage as ddpm } from '../../methods/ddpm/train/stage.ts';
import { stage as idiffFace } from '../../methods/idiff-face/train/stage.ts';
import { stage as autoencoder } from '../../methods/idiff-face/train-autoencoder/stage.ts';
import { stage as synface } from '../../methods/synface/train-generator/stage.ts';
import { type ActionState, Store } from '../../store/index.ts';
import { float32, toyBenchmarks, toyContext, toyDataset, toyTraining } from '../activities/toy.ts';
import { MemoryObjects } from '../helpers/memory-store.ts';
import { autoencoderParams, putAutoencoder, trainParams } from '../methods/idiff-face/tiny.ts';
import { drawnFaces, trainParams as synfaceParams } from '../methods/synface/tiny.ts';

const key = digestOf('the action');
const everySteps = 3;

/** Objects of a process that can be killed: from then on it reaches nothing. What it wrote before stays. */
class MortalObjects extends MemoryObjects {
  #alive = true;
  /** Called before each write with its key, from 1 for each kind of key. */
  dieBefore: (kind: 'state' | 'parts', count: number) => boolean = () => false;
  readonly #counts = { state: 0, parts: 0 };

  constructor(readonly shared: MemoryObjects) {
    super();
  }

  die(): void {
    this.#alive = false;
  }

  override async put(...args: Parameters<MemoryObjects['put']>) {
    const kind = /^checkpoints\/[^/]+\/(state|parts)/.exec(args[0])?.[1] as 'state' | 'parts' | undefined;
    if (kind && this.dieBefore(kind, ++this.#counts[kind])) this.die();
    return this.#reach().put(...args);
  }
  override async get(name: string) {
    return this.#reach().get(name);
  }
  override async getHashed(name: string) {
    return this.#reach().getHashed(name);
  }
  override async has(name: string) {
    return this.#reach().has(name);
  }
  override async list(prefix: string) {
    return this.#reach().list(prefix);
  }
  override async remove(name: string) {
    return this.#reach().remove(name);
  }

  #reach(): MemoryObjects {
    if (!this.#alive) throw new Error('this process is dead');
    return this.shared;
  }
}

interface Fate {
  /** Dies when this step has been done. */
  readonly killAt?: number;
  readonly dieBefore?: MortalObjects['dieBefore'];
  /** Is asked to leave when this step has been done. */
  readonly cancelAt?: number;
  /** Dies, or is asked to leave, in this validation or grid of samples, counted from 1 for each attempt. */
  readonly killInLook?: number;
  readonly cancelInLook?: number;
}

interface Ended {
  readonly outputs?: Outputs;
  readonly attempts?: readonly Attempt[];
  readonly told: Told;
}

/** A training of 12 steps. */
type Run = (context: StageContext) => Promise<Outputs>;

const shared = new MemoryObjects();

/** One attempt at a training, in a process of its own as far as the store can tell. */
const attempt = async (run: Run, number: number, fate: Fate): Promise<Ended> => {
  const objects = new MortalObjects(shared);
  if (fate.dieBefore) objects.dieBefore = fate.dieBefore;
  const store = new Store(objects);
  const stop = new AbortController();
  let told: Told = {};
  let looks = 0;
  const base = toyContext(store);
  const checkpoints = new ActionAttempt({
    key,
    store,
    writer: store.checkpoints,
    interval: { everySteps },
    id: `attempt ${number}`,
    attempt: number,
    tell: (more) => {
      told = { ...told, ...more };
    },
    log: base.log,
  });
  const context: StageContext = {
    ...base,
    checkpoints,
    signal: stop.signal,
    progress: async ({ phase, step }) => {
      if (phase === 'validate lfw' || (phase === 'sample' && step === 1)) {
        looks++;
        if (looks === fate.killInLook) objects.die();
        if (looks === fate.cancelInLook) stop.abort(new Error('asked to stop'));
        if (looks === fate.killInLook || stop.signal.aborted) throw new Error('stopped');
      }
      if (phase !== 'train') return;
      // Writes under way come to their end, or to that of the process.
      await new Promise((resolve) => setTimeout(resolve, 2));
      if (step === fate.killAt) objects.die();
      if (step === fate.cancelAt) stop.abort(new Error('asked to stop'));
      if (step === fate.killAt || stop.signal.aborted) throw new Error('stopped');
    },
  };
  try {
    await checkpoints.begin();
    const outputs = await run(context);
    return { outputs, attempts: await checkpoints.attempts(), told };
  } catch (error) {
    if (!/stopped|dead/.test(String(error))) throw error;
    await checkpoints.fail('cancelled');
    return { told };
  }
};

/** Attempts with these fates, and then one that is left alone. */
const survive = async (run: Run, ...fates: readonly Fate[]): Promise<Ended> => {
  for (const name of await shared.list('checkpoints/')) await shared.remove(name);
  for (const [i, fate] of fates.entries()) {
    const { outputs } = await attempt(run, i + 1, fate);
    expect(outputs, 'an attempt that was to be killed came to its end').toBeUndefined();
  }
  return attempt(run, fates.length + 1, {});
};

let trainings: Record<string, Run>;

beforeAll(async () => {
  const context = toyContext(new Store(shared));
  const data = await toyDataset(context.store, 8, 8);
  const kindOf =
    <P>(stage: StageKind<P>, params: unknown) =>
    (c: StageContext) =>
      stage.run(params as P, c);
  const training = { ...toyTraining, data, epochs: 3, batch: 16, milestones: [2], recompute: false };
  const teacher = kindOf(recognizer, { ...training, epochs: 1, microBatch: 0 });
  const { weights } = await teacher(context);
  const unet = {
    ...{ patch: 2, base: 8, multipliers: [1, 2], blocks: 1, attention: [1], headChannels: 8, groups: 4 },
    prediction: 'epsilon',
  };
  const batches = { epochs: 3, batch: 16, microBatch: 8 };
  const diffusing = {
    ...{ ...batches, recompute: false, lr: 1e-3, warmup: 2, decay: 'cosine' },
    ...{ weightDecay: 0.01, emaMaximum: 0.99, timesteps: 100, snrFactor: 1, flip: true, ...float32 },
  };
  // After steps 4, 8 and 12.
  const samples = { grids: 3, identities: 2, images: 3, steps: 2 };
  const generator = {
    ...{ ...diffusing, data, recognizer: weights as ArtifactRef, lambda: 0.05 },
    network: { ...unet, conditionSize: 16, conditionProjection: 'shared', identityScale: 1, conditionTokens: 2 },
    similarity: { lowest: -1, highest: 1, interval: 0.25 },
  };
  // Of a recognizer whose embedding, last map and 4 × base have one length, as DCFace needs.
  const wide = { ...toyTraining.network, widths: [8, 32], embedding: 32 };
  const { weights: guide } = await kindOf(recognizer, { ...training, epochs: 1, microBatch: 0, network: wide })(
    context,
  );
  trainings = {
    'recognizer/train in micro-batches': kindOf(recognizer, { ...training, microBatch: 8 }),
    'recognizer/train that keeps the best epoch': kindOf(recognizer, {
      ...{ ...training, microBatch: 8, milestones: [], warmup: 0 },
      ...{ validation: await toyBenchmarks(context.store, 200), keep: 'best' },
    }),
    'diffusion/train in micro-batches': kindOf(diffusion, generator),
    'diffusion/train that draws grids': kindOf(diffusion, { ...generator, samples }),
    'ddpm/train': kindOf(ddpm, { ...diffusing, data, network: unet, samples }),
    'dcface/train': kindOf(dcface, {
      ...{ ...diffusing, data, recognizer: guide as ArtifactRef, lambda: 0.05, outliers: 0.1, identityImages: 4 },
      ...{ network: { ...unet, conditionProjection: 'shared' }, style: { grid: 3, dropout: 0.3 }, samples },
    }),
    'synface/train-generator': kindOf(synface, {
      ...{ ...synfaceParams, data: await drawnFaces(context, { identities: 8, images: 8 }) },
      ...{ epochs: 3, batch: 16, microBatch: 8 },
    }),
    'idiff-face/train-autoencoder': kindOf(autoencoder, { ...autoencoderParams, ...batches, data, warmup: 2 }),
    'idiff-face/train': kindOf(idiffFace, {
      ...{ ...trainParams, ...batches, microBatch: 0, data, recognizer: weights as ArtifactRef, samples },
      autoencoder: await putAutoencoder(context.store),
      network: { ...trainParams.network, multipliers: [1], attention: [] },
    }),
    'diffusion/train in bfloat16': kindOf(diffusion, { ...generator, precision: 'bfloat16' }),
    'recognizer/train in float16': kindOf(recognizer, { ...training, microBatch: 8, precision: 'float16' }),
  };
}, 120_000);

describe.each(['recognizer/train in micro-batches', 'diffusion/train in micro-batches'])('%s', (name) => {
  let alone: Outputs;
  const run: Run = (context) => (trainings[name] as Run)(context);

  beforeAll(async () => {
    alone = (await survive(run)).outputs as Outputs;
  }, 120_000);

  // Checkpoints fall due at steps 3, 6, 9. Of `state`, the first two writes of an attempt begin and resume it.
  const deaths: Record<string, readonly Fate[]> = {
    'before the first checkpoint': [{ killAt: 2 }],
    'in the midst of the first checkpoint': [{ dieBefore: (kind, n) => kind === 'parts' && n === firstPart() }],
    'between the parts of a checkpoint and the state that names them': [
      { dieBefore: (kind, n) => kind === 'state' && n === firstState() },
    ],
    'in the midst of the second checkpoint': [{ dieBefore: (kind, n) => kind === 'state' && n === firstState() + 1 }],
    'right after a checkpoint': [{ killAt: 4 }],
    'between two checkpoints': [{ killAt: 8 }],
    'at the last step': [{ killAt: 12 }],
    'again and again': [{ killAt: 1 }, { killAt: 5 }, { killAt: 12 }],
  };
  /** The diffusion trainer keeps its table of identities first: two parts, two states. */
  const firstPart = () => (name.startsWith('diffusion') ? 3 : 1);
  const firstState = () => (name.startsWith('diffusion') ? 5 : 3);

  // Both trainers have the same loop: of the second, only what its table of identities changes, and one long story.
  const moments = Object.keys(deaths).filter((moment) => name.startsWith('recognizer') || /parts|again/.test(moment));

  it.each(moments)(
    'killed %s, it ends with the bytes of one that was left alone',
    async (moment) => {
      const { outputs } = await survive(run, ...(deaths[moment] as readonly Fate[]));
      expect(outputs).toEqual(alone);
    },
    120_000,
  );

  it('goes on from the last checkpoint, and the record says so', async () => {
    const { attempts, told } = await survive(run, { killAt: 8 });
    expect(told.resumedFrom).toBe(6);
    expect(attempts).toMatchObject([
      { attempt: 1, fromStep: 0, toStep: 6, end: 'lost', warnings: [] },
      { attempt: 2, fromStep: 6, toStep: 12, end: 'done', warnings: [] },
    ]);
  }, 120_000);

  it('asked to stop, leaves a checkpoint of the very step', async () => {
    const { outputs, attempts } = await survive(run, { cancelAt: 7 });
    expect(outputs).toEqual(alone);
    expect(attempts).toMatchObject([{ fromStep: 0, toStep: 7, end: 'cancelled' }, { fromStep: 7 }]);
  }, 120_000);

  it('passes over a damaged checkpoint, and over two', async () => {
    for (const [count, fromStep] of [
      [1, 3],
      [2, 0],
    ] as const) {
      for (const old of await shared.list('checkpoints/')) await shared.remove(old);
      await attempt(run, 1, { killAt: 7 });
      const { checkpoints } = (await new Store(shared).checkpoints.read(key)) as ActionState;
      expect(checkpoints).toHaveLength(2);
      for (const { content } of checkpoints.slice(0, count)) {
        const part = (await shared.list('checkpoints/')).find((object) =>
          object.endsWith((content.parts[0] as string).slice(7)),
        );
        const bytes = shared.map.get(part as string) as Buffer;
        bytes[9] = (bytes[9] as number) ^ 1;
      }
      const { outputs, attempts } = await attempt(run, 2, {});
      expect(outputs).toEqual(alone);
      expect(attempts?.[1]).toMatchObject({ fromStep, end: 'done' });
      expect(attempts?.[1]?.warnings).toHaveLength(count);
    }
  }, 120_000);

  it('keeps two checkpoints, and none when the action has ended', async () => {
    for (const old of await shared.list('checkpoints/')) await shared.remove(old);
    await attempt(run, 1, { killAt: 11 });
    const { checkpoints } = new Store(shared);
    const steps = (await checkpoints.read(key))?.checkpoints.map(({ step }) => step);
    expect(steps).toEqual([9, 6]);
    await checkpoints.remove(key);
    expect(await shared.list('checkpoints/')).toEqual([]);
  });
});

describe.each([
  ...['ddpm/train', 'dcface/train', 'synface/train-generator'],
  ...['idiff-face/train-autoencoder', 'idiff-face/train'],
])('%s', (name) => {
  it('killed between two checkpoints, it ends with the bytes of one that was left alone', async () => {
    const run = trainings[name] as Run;
    const { outputs } = await survive(run);
    const again = await survive(run, { killAt: 8 });
    expect(again.told.resumedFrom).toBe(6);
    expect(again.outputs).toEqual(outputs);
  }, 120_000);
});

describe.each([
  ['diffusion/train', 'bfloat16'],
  ['recognizer/train', 'float16'],
])('%s in %s', (name, low) => {
  it('killed between two checkpoints, it ends with the bytes of one that was left alone', async () => {
    const run = (precision: string) => trainings[`${name} in ${precision}`] as Run;
    const alone = await survive(run(low));
    const { outputs, told } = await survive(run(low), { killAt: 8 });
    expect(told.resumedFrom).toBe(6);
    expect(outputs).toEqual(alone.outputs);
  }, 120_000);
});

describe('recognizer/train that keeps the best epoch', () => {
  let alone: Outputs;
  const run: Run = (context) => (trainings['recognizer/train that keeps the best epoch'] as Run)(context);

  beforeAll(async () => {
    alone = (await survive(run)).outputs as Outputs;
    const { chosen } = (await new Store(shared).getArtifact(alone.weights as ArtifactRef)).meta;
    // Steps 4, 8 and 12 are validated. A checkpoint of step 9 holds the best state, one of step 8 does not know of it yet.
    expect(chosen, 'the tests need a best epoch in the middle').toMatchObject({ epoch: 2 });
  }, 120_000);

  it.each([
    ['killed after the best epoch was seen', { killAt: 10 }],
    ['killed while the best epoch is validated', { killInLook: 2 }],
    ['killed while the last epoch is validated', { killInLook: 3 }],
    ['asked to stop right before the best epoch is validated', { cancelAt: 8 }],
    ['asked to stop right after it', { cancelAt: 9 }],
    ['asked to stop right before the last epoch is validated', { cancelAt: 12 }],
  ] as [string, Fate][])(
    '%s, ends with the bytes of one that was left alone',
    async (_, fate) => {
      expect((await survive(run, fate)).outputs).toEqual(alone);
    },
    120_000,
  );

  it('asked to stop while it validates, leaves a checkpoint of the very step, and validates it again', async () => {
    const { outputs, attempts } = await survive(run, { cancelInLook: 2 }, { cancelInLook: 1 });
    expect(outputs).toEqual(alone);
    expect(attempts).toMatchObject([{ toStep: 8 }, { fromStep: 8, toStep: 8 }, { fromStep: 8, end: 'done' }]);
  }, 120_000);
});

describe('diffusion/train that draws grids', () => {
  let alone: Outputs;
  const run: Run = (context) => (trainings['diffusion/train that draws grids'] as Run)(context);

  beforeAll(async () => {
    alone = (await survive(run)).outputs as Outputs;
  }, 120_000);

  it('learns the same weights as without grids', async () => {
    const { outputs } = await survive(trainings['diffusion/train in micro-batches'] as Run);
    expect(alone.weights).toEqual(outputs?.weights);
    expect(alone.log).not.toEqual(outputs?.log);
  }, 120_000);

  // Grids fall due after steps 4, 8 and 12. A checkpoint of step 9 holds the first two.
  it.each([
    ['killed after two grids', { killAt: 10 }],
    ['killed while it draws the second', { killInLook: 2 }],
    ['killed while it draws the last', { killInLook: 3 }],
    ['asked to stop right before it draws', { cancelAt: 8 }],
    ['asked to stop while it draws', { cancelInLook: 2 }],
    ['asked to stop right before it draws the last', { cancelAt: 12 }],
  ] as [string, Fate][])(
    '%s, ends with the bytes of one that was left alone',
    async (_, fate) => {
      expect((await survive(run, fate)).outputs).toEqual(alone);
    },
    120_000,
  );
});
