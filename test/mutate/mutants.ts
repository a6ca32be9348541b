import type { Mutant } from './mutant.ts';
import { cemifaceMutants } from './mutants/cemiface.ts';
import { colourMutants } from './mutants/colours.ts';
import { curveMutants } from './mutants/curves.ts';
import { dataMutants } from './mutants/data.ts';
import { dcfaceMutants } from './mutants/dcface.ts';
import { estimateMutants } from './mutants/estimates.ts';
import { figureMutants } from './mutants/figures.ts';
import { formatMutants } from './mutants/formats.ts';
import { frechetMutants } from './mutants/frechet.ts';
import { gpuMutants } from './mutants/gpu.ts';
import { headMutants } from './mutants/heads.ts';
import { idiffFaceMutants } from './mutants/idiff-face.ts';
import { inquiryMutants } from './mutants/inquiries.ts';
import { judgingMutants } from './mutants/judging.ts';
import { lookupMutants } from './mutants/lookups.ts';
import { measureMutants } from './mutants/measures.ts';
import { methodMutants } from './mutants/methods.ts';
import { mixingMutants } from './mutants/mixing.ts';
import { networkMutants } from './mutants/networks.ts';
import { normMutants } from './mutants/norms.ts';
import { orderMutants } from './mutants/order.ts';
import { ownKindMutants } from './mutants/own-kinds.ts';
import { precisionMutants } from './mutants/precision.ts';
import { privacyMutants } from './mutants/privacy.ts';
import { provenanceMutants } from './mutants/provenance.ts';
import { recognizerMutants } from './mutants/recognizer.ts';
import { relativeMutants } from './mutants/relatives.ts';
import { reportSoFarMutants } from './mutants/report-so-far.ts';
import { samplingMutants } from './mutants/sampling.ts';
import { searchRateMutants } from './mutants/search-rates.ts';
import { sweepMutants } from './mutants/sweeps.ts';
import { synfaceMutants } from './mutants/synface.ts';
import { trainingMutants } from './mutants/training.ts';
import { tsneMutants } from './mutants/tsne.ts';
import { validationMutants } from './mutants/validation.ts';

/** The faults that the tests are tried on, area by area. */
export const mutants: readonly Mutant[] = [
  ...cemifaceMutants,
  ...idiffFaceMutants,
  ...trainingMutants,
  ...recognizerMutants,
  ...judgingMutants,
  ...measureMutants,
  ...mixingMutants,
  ...privacyMutants,
  ...searchRateMutants,
  ...frechetMutants,
  ...tsneMutants,
  ...dataMutants,
  ...inquiryMutants,
  ...provenanceMutants,
  ...lookupMutants,
  ...networkMutants,
  ...samplingMutants,
  ...validationMutants,
  ...colourMutants,
  ...gpuMutants,
  ...headMutants,
  ...normMutants,
  ...relativeMutants,
  ...ownKindMutants,
  ...precisionMutants,
  ...reportSoFarMutants,
  ...methodMutants,
  ...orderMutants,
  ...formatMutants,
  ...figureMutants,
  ...dcfaceMutants,
  ...sweepMutants,
  ...synfaceMutants,
  ...estimateMutants,
  ...curveMutants,
];
