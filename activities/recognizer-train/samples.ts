import { datasetCodec } from '../../artifacts/codecs/dataset.ts';
import { datasetInvalid } from '../../artifacts/invalid.ts';
import { readSoftLabels } from '../../artifacts/soft-labels.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import { permutation, randomStream } from '../../core/random.ts';
import { type ImageSet, joinImages } from '../../data/images.ts';
import type { AugmentRecipe } from '../../data/loader/augmented.ts';
import { type InputContext, loadSet } from '../../training/input.ts';
import { StepPlanner } from '../../training/planner.ts';

/** A second set to learn from, whose people are further classes. */
export interface SecondParams {
  readonly data: ArtifactRef;
  /** `beside`: some images of each batch are the second set's. `blended`: each image is blended with one of the second set. */
  readonly use: 'beside' | 'blended';
  /** Of `beside`: how much of a batch the second set has. */
  readonly share: number;
}

/** What a recognizer learns from. */
export interface Samples {
  /** The images of both sets, those of the second behind the others, and their classes. */
  readonly all: ImageSet;
  /** How many images the first set has. */
  readonly own: number;
  readonly second?: Pick<SecondParams, 'use' | 'share'>;
  /** Where images of the first set belong to two people: the class of the other, and the share of the image's own. */
  readonly soft?: { readonly other: Int32Array; readonly ratio: Float32Array };
}

/** Classes that each image belongs to. */
export const classesEach = ({ soft, second }: Samples): number =>
  1 + (soft ? 1 : 0) + (second?.use === 'blended' ? 1 : 0);

/** @throws CemiflowError as `loadSet`; `SizeMismatch` where the sets hold images of different sizes; `DatasetInvalid` */
export const loadSamples = async (
  input: InputContext<AugmentRecipe>,
  ref: ArtifactRef,
  params: SecondParams | null,
): Promise<Samples> => {
  const first = await loadSet(input, ref);
  const soft = await softLabels(input, ref, first);
  if (!params) return { all: first, own: first.count, ...(soft && { soft }) };
  const second = await loadSet(input, params.data);
  if (second.height !== first.height || second.width !== first.width) {
    const message = `both sets must hold images of one size, got ${first.height} × ${first.width} and ${second.height} × ${second.width}`;
    throw new CemiflowError('SizeMismatch', message, { remedy: 'make the sets in the same size' });
  }
  const { use, share } = params;
  return { all: joinImages(first, second), own: first.count, second: { use, share }, ...(soft && { soft }) };
};

const softLabels = async (
  { store }: Pick<InputContext<AugmentRecipe>, 'store'>,
  ref: ArtifactRef,
  { identities, labels }: ImageSet,
): Promise<Samples['soft']> => {
  if (ref.type !== 'dataset') return undefined;
  const found = await readSoftLabels(store, await datasetCodec.read(store, ref));
  if (!found) return undefined;
  const classOf = new Map(Array.from(identities, (identity, row) => [identity, labels[row] as number]));
  const other = found.second.map((identity) => {
    const label = classOf.get(identity);
    if (label !== undefined) return label;
    throw datasetInvalid(`an image belongs to identity ${identity} too, which has no image of its own`, { identity });
  });
  return { other, ratio: found.ratio };
};

/** The images of one step. */
export interface SampledBatch {
  /** Passes over the first set before this one. */
  readonly epoch: number;
  readonly recipe: AugmentRecipe;
  /** int32 [B], the class that each image belongs to most by its set */
  readonly labels: Int32Array;
  /** Where images belong to several classes: int32 and float32 [B, K]. */
  readonly soft?: { readonly targets: Int32Array; readonly shares: Float32Array };
}

/** How many images of a batch are the second set's, where both lie side by side. */
const besideOf = ({ second }: Samples, batch: number): number =>
  second?.use === 'beside' ? Math.min(batch - 1, Math.max(1, Math.round(batch * second.share))) : 0;

/**
 * Cuts epochs of the first set into batches; the second set goes round at its own pace. What a step takes is a function of (seed, step)
 * alone.
 */
export class SamplePlanner {
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly #samples: Samples;
  readonly #options: Pick<AugmentRecipe, 'augment' | 'seed'> & { readonly batch: number };
  readonly #first: StepPlanner;
  readonly #second?: StepPlanner;

  /** @throws CemiflowError `TooFewImages` where a set does not fill its part of a batch */
  constructor(samples: Samples, options: Pick<AugmentRecipe, 'augment' | 'seed'> & { batch: number; epochs: number }) {
    const { batch, epochs, seed } = options;
    const { all, own, second } = samples;
    const beside = besideOf(samples, batch);
    this.#samples = samples;
    this.#options = options;
    this.#first = new StepPlanner({ images: own, batch: batch - beside, epochs, seed, tag: 'epoch' });
    this.steps = this.#first.steps;
    this.stepsPerEpoch = this.#first.stepsPerEpoch;
    if (second) {
      const others = { images: all.count - own, batch: beside || batch, epochs: 1, seed, tag: 'second epoch' };
      this.#second = new StepPlanner(others);
    }
  }

  /** @param step from 0 */
  at(step: number): SampledBatch {
    const { augment, seed, batch } = this.#options;
    const { epoch, rows } = this.#first.at(step);
    const recipe = { augment, seed, epoch };
    if (!this.#second) return { epoch, ...this.#labelled({ ...recipe, rows }) };
    const second = this.#second.at(step);
    const others = second.rows.map((row) => row + this.#samples.own);
    if (this.#samples.second?.use === 'blended') {
      const blend = { rows: others, share: mixupRatio(seed, step), epoch: second.epoch };
      return { epoch, ...this.#labelled({ ...recipe, rows, blend }) };
    }
    // In a random order, so that each part of a batch has images of both sets.
    const order = permutation(batch, seed, 'both sets', step);
    const together = Int32Array.from(order, (at) => (at < rows.length ? rows[at] : others[at - rows.length]) as number);
    return {
      epoch,
      ...this.#labelled({ ...recipe, rows: together, second: { from: this.#samples.own, epoch: second.epoch } }),
    };
  }

  #labelled(recipe: AugmentRecipe): Pick<SampledBatch, 'recipe' | 'labels' | 'soft'> {
    const { rows, blend } = recipe;
    const { all, soft } = this.#samples;
    const columns = classesEach(this.#samples);
    const labels = rows.map((row) => all.labels[row] as number);
    if (columns === 1) return { recipe, labels };
    const targets = new Int32Array(rows.length * columns);
    const shares = new Float32Array(rows.length * columns);
    const kept = blend ? blend.share : 1;
    rows.forEach((row, i) => {
      const ratio = soft?.ratio[row] ?? 1;
      const each: [label: number, share: number][] = [[labels[i] as number, kept * ratio]];
      if (soft) each.push([soft.other[row] ?? (labels[i] as number), kept * (1 - ratio)]);
      if (blend) each.push([all.labels[blend.rows[i] as number] as number, 1 - kept]);
      each.forEach(([label, share], k) => {
        targets[i * columns + k] = label;
        shares[i * columns + k] = share;
      });
    });
    return { recipe, labels, soft: { targets, shares } };
  }
}

/** The share of the first set's images in a step of domain mixup: evenly among 0, 0.05, … 1 (SynFace's code). */
const mixupRatio = (seed: number, step: number): number => Math.floor(21 * randomStream(seed, 'mixup', step)()) / 20;
