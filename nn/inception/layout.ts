import { normParameters, type Parameter } from '../parameter.ts';
import { type Conv, inceptionSide, inceptionSteps, type Step } from './steps.ts';

/** A convolution, and what it takes and gives. */
interface Placed extends Conv {
  readonly from: number;
  /** Height and width of the map that it gives. */
  readonly side: number;
}

/** A map of channels × side × side. */
interface Shape {
  readonly channels: number;
  readonly side: number;
}

/** Adds the convolutions of some steps to `found`. @returns what the steps make of a map */
const placed = (steps: readonly Step[], given: Shape, found: Placed[]): Shape => {
  let shape = given;
  for (const step of steps) {
    if ('conv' in step) {
      const side = step.padded ? shape.side : strided(shape.side, step.kernel[0], step.stride);
      found.push({ ...step, from: shape.channels, side });
      shape = { channels: step.to, side };
    } else if ('pool' in step) {
      shape = { ...shape, side: step.stride === 1 ? shape.side : strided(shape.side, 3, 2) };
    } else {
      const made = step.branches.map((branch) => placed(branch, shape, found));
      shape = { channels: made.reduce((sum, { channels }) => sum + channels, 0), side: made[0]?.side as number };
    }
  }
  return shape;
};

const strided = (side: number, kernel: number, stride: number): number => Math.floor((side - kernel) / stride) + 1;

const convs = (): Placed[] => {
  const found: Placed[] = [];
  placed(inceptionSteps, { channels: 3, side: inceptionSide }, found);
  return found;
};

/** Every parameter and running statistic, under torchvision's and pytorch-fid's names; without the classifier. */
export const inceptionParameters: readonly Parameter[] = convs().flatMap(({ conv, kernel, from, to }): Parameter[] => [
  {
    ...{ name: `${conv}.conv.weight`, shape: [...kernel, from, to], kind: 'conv' },
    init: { type: 'normal', std: Math.sqrt(2 / (kernel[0] * kernel[1] * from)) },
  },
  ...normParameters(`${conv}.bn`, to),
  { name: `${conv}.bn.running_mean`, shape: [to], kind: 'vector', init: { type: 'zeros' } },
  { name: `${conv}.bn.running_var`, shape: [to], kind: 'vector', init: { type: 'ones' } },
]);

/** Multiplications of the convolutions for one image, about 5.7 billion. */
export const inceptionMultiplications = (): number =>
  convs().reduce((sum, { side, kernel, from, to }) => sum + side * side * kernel[0] * kernel[1] * from * to, 0);
