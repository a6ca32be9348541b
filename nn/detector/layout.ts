import { convParameters, linearParameters, type Parameter } from '../parameters.ts';

/** Channels that a network of MTCNN goes through. */
const prelu = (name: string, channels: number): Parameter => ({
  name: `${name}.weight`,
  shape: [channels],
  kind: 'vector',
  init: { type: 'constant', value: 0.25 },
});

/** Proposes faces at one scale. Names are those of facenet-pytorch; so in the other two. */
export const pnetParameters: readonly Parameter[] = [
  ...convParameters('conv1', 3, 3, 10),
  prelu('prelu1', 10),
  ...convParameters('conv2', 3, 10, 16),
  prelu('prelu2', 16),
  ...convParameters('conv3', 3, 16, 32),
  prelu('prelu3', 32),
  ...convParameters('conv4_1', 1, 32, 2),
  ...convParameters('conv4_2', 1, 32, 4),
];

/** Refuses most proposals. */
export const rnetParameters: readonly Parameter[] = [
  ...convParameters('conv1', 3, 3, 28),
  prelu('prelu1', 28),
  ...convParameters('conv2', 3, 28, 48),
  prelu('prelu2', 48),
  ...convParameters('conv3', 2, 48, 64),
  prelu('prelu3', 64),
  ...linearParameters('dense4', 576, 128),
  prelu('prelu4', 128),
  ...linearParameters('dense5_1', 128, 2),
  ...linearParameters('dense5_2', 128, 4),
];

/** Refuses more of them, and finds the landmarks. */
export const onetParameters: readonly Parameter[] = [
  ...convParameters('conv1', 3, 3, 32),
  prelu('prelu1', 32),
  ...convParameters('conv2', 3, 32, 64),
  prelu('prelu2', 64),
  ...convParameters('conv3', 3, 64, 64),
  prelu('prelu3', 64),
  ...convParameters('conv4', 2, 64, 128),
  prelu('prelu4', 128),
  ...linearParameters('dense5', 1152, 256),
  prelu('prelu5', 256),
  ...linearParameters('dense6_1', 256, 2),
  ...linearParameters('dense6_2', 256, 4),
  ...linearParameters('dense6_3', 256, 10),
];

/** The three networks of MTCNN, as facenet-pytorch names their files. */
export const detectorNetworks = { pnet: pnetParameters, rnet: rnetParameters, onet: onetParameters } as const;

/** All parameters of the detector: those of the networks, with the network's name before them. */
export const detectorParameters: readonly Parameter[] = Object.entries(detectorNetworks).flatMap(
  ([network, parameters]) => parameters.map((parameter) => ({ ...parameter, name: `${network}.${parameter.name}` })),
);
