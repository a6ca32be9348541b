import { readWeights, weightsCodec } from '../../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import type { ArtifactStore } from '../../../core/stage.ts';
import type { ImageSet } from '../../../data/images.ts';
import { loadDataset } from '../../../data/loader/load.ts';
import { type CompiledFunction, compileFunction } from '../../../nn/compile/index.ts';
import type { PrecisionOption } from '../../../nn/compile/precision.ts';
import type { EpsilonKind } from '../../../nn/diffusion/steps.ts';
import { prefixed, withPrefix } from '../../../nn/gradients.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import { fromSafetensors } from '../../../nn/weights.ts';
import { Sampler } from '../../../training/diffusion/sample.ts';
import { Loaded } from '../../../training/loaded.ts';
import { loadRecognizer } from '../../../training/recognizer.ts';
import { conditionStatistics, identityConditions, isOfCondition, styleConditions } from '../condition.ts';
import { dcfaceDenoiser } from '../network.ts';
import { styleMap } from '../style.ts';
import { generatorMetaOf } from '../weights.ts';

/** How DDIM samples, as the parameters of `dcface/generate` say. */
export interface DdimOptions extends PrecisionOption {
  readonly steps: number;
  readonly batch: number;
  readonly eta: number;
  readonly epsilon: EpsilonKind;
}

/** A picture, uint8 RGB [S, S, 3]. */
type Picture = Uint8Array | Promise<Uint8Array>;

/** G_mix, loaded and compiled, with the bank that styles are drawn from. */
export class Generator {
  readonly sampler: Sampler;
  readonly styles: ImageSet;
  readonly #batch: number;
  readonly #side: number;
  readonly #identity: CompiledFunction;
  readonly #style: CompiledFunction;

  constructor(
    parts: {
      readonly sampler: Sampler;
      readonly styles: ImageSet;
      identity: CompiledFunction;
      style: CompiledFunction;
    },
    { batch, side }: { readonly batch: number; readonly side: number },
  ) {
    this.sampler = parts.sampler;
    this.styles = parts.styles;
    this.#identity = parts.identity;
    this.#style = parts.style;
    this.#batch = batch;
    this.#side = side;
  }

  /** The conditions that identity images `first` … `first + pictures.length − 1` of a set give, by image. */
  identities(first: number, pictures: readonly Picture[]): Promise<ConditionRows> {
    return this.#conditions(this.#identity, first, pictures);
  }

  /** The conditions that style images `first` … of a set give, by image. */
  stylesOf(first: number, pictures: readonly Picture[]): Promise<ConditionRows> {
    return this.#conditions(this.#style, first, pictures);
  }

  /** Image k always has slot k mod batch, and unused slots hold zeros, so that shards of any size get the same conditions. */
  async #conditions(made: CompiledFunction, first: number, pictures: readonly Picture[]): Promise<ConditionRows> {
    const size = this.#side * this.#side * 3;
    const rows: { [name: string]: Float32Array }[] = [];
    for (let start = first - (first % this.#batch); start < first + pictures.length; start += this.#batch) {
      const values = new Float32Array(this.#batch * size);
      for (let slot = 0; slot < this.#batch; slot++) {
        const picture = pictures[start + slot - first];
        if (picture === undefined) continue;
        for (const [k, level] of (await picture).entries()) values[slot * size + k] = level / 127.5 - 1;
      }
      const images = tf.tensor4d(values, [this.#batch, this.#side, this.#side, 3]);
      const output = made.run({ images });
      const arrays = Object.entries(output).map(([name, tensor]) => [name, tensor.dataSync() as Float32Array] as const);
      tf.dispose([images, output]);
      for (let slot = Math.max(0, first - start); slot < this.#batch && start + slot < first + pictures.length; slot++)
        rows.push(
          Object.fromEntries(
            arrays.map(([name, array]) => {
              const length = array.length / this.#batch;
              return [name, array.slice(slot * length, (slot + 1) * length)];
            }),
          ),
        );
    }
    return rows;
  }

  dispose(): void {
    this.sampler.dispose();
    this.#identity.dispose();
    this.#style.dispose();
  }
}

/** One row for each picture: its conditions by the denoiser's names. */
export type ConditionRows = readonly { readonly [name: string]: Float32Array }[];

const generators = new Loaded<Generator>(1);

/** Runs `body` with the generator, which stays loaded for the next shard. */
export const withGenerator = <R>(
  store: ArtifactStore,
  { generator, styles }: { readonly generator: ArtifactRef; readonly styles: ArtifactRef },
  options: DdimOptions,
  body: (generator: Generator) => Promise<R>,
): Promise<R> => {
  const { steps, batch, eta, epsilon, precision } = options;
  const key = `${generator.digest} ${styles.digest} ${steps} ${batch} ${eta} ${epsilon} ${precision}`;
  return generators.use(key, () => load(store, generator, styles, options), body);
};

const load = async (
  store: ArtifactStore,
  ref: ArtifactRef,
  stylesRef: ArtifactRef,
  { steps, batch, eta, epsilon, precision }: DdimOptions,
): Promise<Generator> => {
  const artifact = await weightsCodec.read(store, ref);
  const { network, timesteps, snrFactor, recognizer: digest } = generatorMetaOf(artifact);
  const denoiser = dcfaceDenoiser(network);
  const remembered = conditionStatistics(network);
  const stored = await readWeights(store, artifact);
  const weights = fromSafetensors(stored, [...denoiser.parameters, ...remembered]);
  const recognizer = await loadRecognizer(store, { type: 'weights', digest });
  try {
    const sampler = new Sampler(weights, denoiser, {
      ...{ timesteps, snrFactor, steps, batch, precision },
      sampler: { type: 'ddim', eta, epsilon },
    });
    const side = network.imageSize;
    const images = tf.zeros([batch, side, side, 3]);
    const compiled = (f: (all: Tensors, images: tf.Tensor4D) => Tensors, all: Tensors): CompiledFunction =>
      compileFunction((w, inputs) => f(w, inputs.images as tf.Tensor4D), all, { images }, { precision });
    const own = Object.fromEntries(Object.entries(weights).filter(([name]) => isOfCondition(name)));
    const identity = compiled((w, x) => identityConditions(w, w, x, network), own);
    const style = compiled(
      (w, x) => styleConditions(w, w, styleMap(withPrefix(w, 'fr'), x, recognizer.config), network),
      {
        ...own,
        ...prefixed(recognizer.weights, 'fr'),
      },
    );
    images.dispose();
    return new Generator({ sampler, identity, style, styles: await loadDataset(store, stylesRef) }, { batch, side });
  } finally {
    tf.dispose([weights, recognizer.weights]);
  }
};
