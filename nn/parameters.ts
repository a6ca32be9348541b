import { normalStream, randomStream } from '../core/random.ts';
import type { Parameter } from './parameter.ts';
import { type Tensors, tf } from './tf.ts';

export {
  convParameters,
  type Initialiser,
  linearParameters,
  normParameters,
  type Parameter,
  parameterCount,
} from './parameter.ts';

/** First values of a network, each a function of (seed, its own name): adding a layer changes no other. */
export const initialise = (parameters: readonly Parameter[], seed: number): Tensors =>
  Object.fromEntries(parameters.map((p) => [p.name, tf.tensor(initialValues(p, seed), [...p.shape], 'float32')]));

const initialValues = ({ name, shape, init }: Parameter, seed: number): Float32Array => {
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
  if (init.type === 'ones') return values.fill(1);
  if (init.type === 'constant') return values.fill(init.value);
  if (init.type === 'zeros') return values;
  if (init.type === 'values') return init.values;
  const uniform = randomStream(seed, 'init', name);
  const next =
    init.type === 'uniform' ? () => (2 * uniform() - 1) * init.bound : scaled(normalStream(uniform), init.std);
  for (let i = 0; i < values.length; i++) values[i] = next();
  return values;
};

const scaled = (next: () => number, factor: number) => (): number => next() * factor;
