import { CemiflowError } from '../../core/errors.ts';
import type { ListedTensor } from '../../formats/weights/tensor-file.ts';
import { inceptionParameters } from '../../nn/inception/layout.ts';
import type { Match } from '../../training/import/match.ts';
import { matchUnder } from '../../training/import/read.ts';

/** What files hold besides: the classifier, and the second one that helped to train torchvision's network. */
const beside = ['fc.', 'AuxLogits.'];

/** Rows of torchvision's classifier. That of 2015, which the FID is measured with, has 1008. */
const torchvisionClasses = 1000;

/**
 * Fits the tensors of a file to the network.
 *
 * @throws CemiflowError `WeightsMismatch` where the file is torchvision's own Inception: names and shapes are the same, its features are others
 */
export const matchInception = (tensors: readonly ListedTensor[]): Match => {
  const match = matchUnder(tensors, inceptionParameters, 'auto');
  const { prefix } = match;
  const shapes = new Map(tensors.map(({ name, shape }) => [name, shape]));
  if (shapes.get(`${prefix}fc.weight`)?.[0] === torchvisionClasses) throw torchvisions();
  const known = (name: string): boolean => beside.some((part) => name.startsWith(prefix + part));
  return {
    ...match,
    unexpected: match.unexpected.filter((name) => !known(name)),
    beside: [...match.beside, ...match.unexpected.filter(known)],
  };
};

const torchvisions = (): CemiflowError =>
  new CemiflowError(
    'WeightsMismatch',
    `the file is torchvision's Inception, whose classifier knows ${torchvisionClasses} classes: no FID is measured with it`,
    { remedy: 'give pytorch-fid’s pt_inception-2015-12-05-6726825d.pth', data: { classes: torchvisionClasses } },
  );
