import { detectorNetworks } from '../../../nn/detector/layout.ts';
import type { Parameter } from '../../../nn/parameters.ts';
import type { Tensors } from '../../../nn/tf.ts';
import { fromSafetensors } from '../../../nn/weights.ts';

/** Numbers in [-1, 1), as `test/fixtures/detector/make.py` draws them. */
export const drawing = (seed: number): ((count: number) => Float32Array) => {
  let state = seed;
  return (count) =>
    Float32Array.from({ length: count }, () => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      return state / 2 ** 30 - 1;
    });
};

/** PyTorch's shape. */
const storedShape = ({ kind, shape }: Parameter): number[] => {
  const [height, width, from, to] = shape as [number, number, number, number];
  return kind === 'conv' ? [to, from, height, width] : [...shape].reverse();
};

const items = (sizes: number[]): number => sizes.reduce((a, b) => a * b, 1);

const isShift = /^(conv4_2|dense5_2|dense6_2)/;
const isJudge = /^(conv4_1|dense5_1|dense6_1)\.bias$/;

/** The network with the weights that `make.py` draws. */
export const drawnNetwork = (network: keyof typeof detectorNetworks): Tensors => {
  const draw = drawing(7);
  const stored = Object.fromEntries(
    detectorNetworks[network].map((parameter) => {
      const shape = storedShape(parameter);
      const scale = Math.fround((isShift.test(parameter.name) ? 0.1 : 2) / Math.sqrt(items(shape.slice(1))));
      const data = draw(items(shape)).map((value) => value * scale);
      const sure = isJudge.test(parameter.name) ? data.map((value, i) => value + (i === 0 ? -2 : 2)) : data;
      return [`${network}.${parameter.name}`, { dtype: 'F32', shape, data: sure }];
    }),
  );
  const named = detectorNetworks[network].map((parameter) => ({ ...parameter, name: `${network}.${parameter.name}` }));
  return fromSafetensors(stored, named);
};
