/** A convolution without bias, a batch norm and a relu: torchvision's BasicConv2d. */
export interface Conv {
  /** As torchvision has it: `Mixed_5b.branch1x1` */
  readonly conv: string;
  readonly to: number;
  /** Height and width of the kernel. */
  readonly kernel: readonly [number, number];
  readonly stride: 1 | 2;
  /** Whether zeros around the map let it keep its size. */
  readonly padded: boolean;
}

/** Average or maximum of 3 × 3 places. At stride 1 the map keeps its size, and places outside of it do not count. */
export interface Pool {
  readonly pool: 'average' | 'max';
  readonly stride: 1 | 2;
}

/** Branches that each take the same map, and whose maps are joined by channels. */
export interface Branches {
  readonly branches: readonly (readonly Step[])[];
}

export type Step = Conv | Pool | Branches;

/** Side of the images that the network takes, in pixels. */
export const inceptionSide = 299;

/** Numbers of a feature: the channels of the last map. */
export const inceptionSize = 2048;

type Kernel = number | readonly [number, number];

const kernelOf = (kernel: Kernel): readonly [number, number] =>
  typeof kernel === 'number' ? [kernel, kernel] : kernel;

const padded = (conv: string, to: number, kernel: Kernel): Conv => ({
  ...{ conv, to, kernel: kernelOf(kernel) },
  ...{ stride: 1, padded: true },
});

const unpadded = (conv: string, to: number, kernel: Kernel, stride: 1 | 2): Conv => ({
  ...{ conv, to, kernel: kernelOf(kernel) },
  ...{ stride, padded: false },
});

const pool = (of: Pool['pool'], stride: Pool['stride']): Pool => ({ pool: of, stride });

/** torchvision's InceptionA, 35 × 35 places. @param pooled channels of the branch that pools */
const blockA = (name: string, pooled: number): Branches => ({
  branches: [
    [padded(`${name}.branch1x1`, 64, 1)],
    [padded(`${name}.branch5x5_1`, 48, 1), padded(`${name}.branch5x5_2`, 64, 5)],
    [
      padded(`${name}.branch3x3dbl_1`, 64, 1),
      padded(`${name}.branch3x3dbl_2`, 96, 3),
      padded(`${name}.branch3x3dbl_3`, 96, 3),
    ],
    [pool('average', 1), padded(`${name}.branch_pool`, pooled, 1)],
  ],
});

/** InceptionB: from 35 × 35 to 17 × 17 places. */
const blockB = (name: string): Branches => ({
  branches: [
    [unpadded(`${name}.branch3x3`, 384, 3, 2)],
    [
      padded(`${name}.branch3x3dbl_1`, 64, 1),
      padded(`${name}.branch3x3dbl_2`, 96, 3),
      unpadded(`${name}.branch3x3dbl_3`, 96, 3, 2),
    ],
    [pool('max', 2)],
  ],
});

/** InceptionC, 17 × 17 places. @param inner channels between the convolutions of a branch */
const blockC = (name: string, inner: number): Branches => ({
  branches: [
    [padded(`${name}.branch1x1`, 192, 1)],
    [
      padded(`${name}.branch7x7_1`, inner, 1),
      padded(`${name}.branch7x7_2`, inner, [1, 7]),
      padded(`${name}.branch7x7_3`, 192, [7, 1]),
    ],
    [
      padded(`${name}.branch7x7dbl_1`, inner, 1),
      padded(`${name}.branch7x7dbl_2`, inner, [7, 1]),
      padded(`${name}.branch7x7dbl_3`, inner, [1, 7]),
      padded(`${name}.branch7x7dbl_4`, inner, [7, 1]),
      padded(`${name}.branch7x7dbl_5`, 192, [1, 7]),
    ],
    [pool('average', 1), padded(`${name}.branch_pool`, 192, 1)],
  ],
});

/** InceptionD: from 17 × 17 to 8 × 8 places. */
const blockD = (name: string): Branches => ({
  branches: [
    [padded(`${name}.branch3x3_1`, 192, 1), unpadded(`${name}.branch3x3_2`, 320, 3, 2)],
    [
      padded(`${name}.branch7x7x3_1`, 192, 1),
      padded(`${name}.branch7x7x3_2`, 192, [1, 7]),
      padded(`${name}.branch7x7x3_3`, 192, [7, 1]),
      unpadded(`${name}.branch7x7x3_4`, 192, 3, 2),
    ],
    [pool('max', 2)],
  ],
});

/** InceptionE, 8 × 8 places: two branches end in a 1 × 3 and a 3 × 1 convolution side by side. */
const blockE = (name: string, pooling: Pool['pool']): Branches => {
  const both = (branch: string): Branches => ({
    branches: [[padded(`${name}.${branch}a`, 384, [1, 3])], [padded(`${name}.${branch}b`, 384, [3, 1])]],
  });
  return {
    branches: [
      [padded(`${name}.branch1x1`, 320, 1)],
      [padded(`${name}.branch3x3_1`, 384, 1), both('branch3x3_2')],
      [padded(`${name}.branch3x3dbl_1`, 448, 1), padded(`${name}.branch3x3dbl_2`, 384, 3), both('branch3x3dbl_3')],
      [pool(pooling, 1), padded(`${name}.branch_pool`, 192, 1)],
    ],
  };
};

/**
 * Inception v3 (Szegedy et al. 2016) as the FID is measured with it: the network of 2015 that TensorFlow published, as pytorch-fid 0.3.0 builds it from torchvision's.
 * Beside torchvision's, average pools do not count places outside the map, and the last block takes a maximum, which its authors take for a mistake that FIDs
 * rest on.
 */
export const inceptionSteps: readonly Step[] = [
  unpadded('Conv2d_1a_3x3', 32, 3, 2),
  unpadded('Conv2d_2a_3x3', 32, 3, 1),
  padded('Conv2d_2b_3x3', 64, 3),
  pool('max', 2),
  unpadded('Conv2d_3b_1x1', 80, 1, 1),
  unpadded('Conv2d_4a_3x3', 192, 3, 1),
  pool('max', 2),
  blockA('Mixed_5b', 32),
  blockA('Mixed_5c', 64),
  blockA('Mixed_5d', 64),
  blockB('Mixed_6a'),
  blockC('Mixed_6b', 128),
  blockC('Mixed_6c', 160),
  blockC('Mixed_6d', 160),
  blockC('Mixed_6e', 192),
  blockD('Mixed_7a'),
  blockE('Mixed_7b', 'average'),
  blockE('Mixed_7c', 'max'),
];
