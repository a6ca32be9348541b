/**
 * What a stage kind of your own imports, as `cemiflow/stage`: docs/kinds.md. What is exported here keeps its meaning within a version;
 * the rest of the code may change at any time. `cemiflow/tensors` adds TensorFlow, which takes a second to load.
 */

import { putMetrics } from '../artifacts/codecs/metrics.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import { CemiflowError, type JsonObject } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { ownMetrics } from '../foreign/metrics.ts';

export type { DatasetMeta } from '../artifacts/codecs/dataset.ts';
export { datasetCodec } from '../artifacts/codecs/dataset.ts';
export { DatasetWriter, type DatasetWriterOptions } from '../artifacts/dataset.ts';
export { readSamples, type Sample } from '../artifacts/shards.ts';
export type { Outputs } from '../core/action.ts';
export type { ArtifactManifest, ArtifactRef, ArtifactType, FileEntry } from '../core/artifact.ts';
export type { CheckpointArray, StageCheckpoints } from '../core/checkpoint.ts';
export type { Digest } from '../core/digest.ts';
export { CemiflowError, type Json, type JsonObject } from '../core/errors.ts';
export { normalStream, permutation, randomStream, seedPair } from '../core/random.ts';
export {
  type ArtifactStore,
  type Progress,
  placeOf,
  type ShardedStageKind,
  type StageContext,
  type StageKind,
} from '../core/stage.ts';

/** Rises when something that is exported here changes its meaning or goes. */
export const stageVersion = 1;

/**
 * Stores numbers as a `metrics` artifact, which the report shows under their names.
 *
 * @param values by name; those of nested objects are called `lfw/accuracy`
 * @throws CemiflowError `OutputInvalid` where a value is no finite number, or there is none
 */
export const putNumbers = (store: ArtifactStore, values: JsonObject): Promise<ArtifactRef> =>
  putMetrics(
    store,
    ownMetrics(
      values,
      (problem) =>
        new CemiflowError('OutputInvalid', `the numbers of the stage cannot be kept: what it gives ${problem}`, {
          remedy: 'give putNumbers an object of finite numbers',
        }),
    ),
  );
