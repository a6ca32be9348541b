import type { Artifact } from '../codec.ts';
import type { WeightsMeta } from './weights.ts';

/** Family of the weights that the FID is measured with. There is one such network: nothing of it is to be configured. */
export const inceptionFamily = 'inception-fid';

export const isInception = ({ meta }: Artifact<WeightsMeta>): boolean => meta.family === inceptionFamily;
