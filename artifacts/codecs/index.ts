import type { ArtifactRef, ArtifactType } from '../../core/artifact.ts';
import type { Codec } from '../codec.ts';
import { artifactInvalid } from '../invalid.ts';
import { adoptionCodec } from './adoption.ts';
import { benchmarksCodec } from './benchmarks.ts';
import { centersCodec } from './centers.ts';
import { codeCodec } from './code.ts';
import { datasetCodec } from './dataset.ts';
import { filesCodec } from './files.ts';
import { inquiriesCodec } from './inquiries.ts';
import { metricsCodec } from './metrics.ts';
import { reportCodec } from './report.ts';
import { runCodec } from './run.ts';
import { scoresCodec } from './scores.ts';
import { weightsCodec } from './weights.ts';

/** The codec of each artifact type. */
export const codecs: { readonly [type in ArtifactType]: Codec<unknown, never> } = {
  dataset: datasetCodec,
  benchmarks: benchmarksCodec,
  weights: weightsCodec,
  centers: centersCodec,
  inquiries: inquiriesCodec,
  scores: scoresCodec,
  metrics: metricsCodec,
  report: reportCodec,
  files: filesCodec,
  code: codeCodec,
  run: runCodec,
  adoption: adoptionCodec,
};

/** The codec of what a record names. @throws CemiflowError `ArtifactInvalid` for a type that this version does not know */
export const codecOf = ({ type, digest }: ArtifactRef): Codec<unknown, never> => {
  if (Object.hasOwn(codecs, type)) return codecs[type];
  const required = `one of ${Object.keys(codecs).join(', ')}`;
  throw artifactInvalid({ type, digest, path: 'type' }, '', { required, found: type });
};
