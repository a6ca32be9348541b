import type { ArtifactRef } from '../core/artifact.ts';
import { canonicalJson } from '../core/canonical.ts';
import { CemiflowError, type JsonObject } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';

const path = 'metrics.json';

/** Stores `metrics.json` as an artifact of its own. */
export const putMetrics = async <T extends { readonly kind: string }>(
  store: Pick<ArtifactStore, 'putFile' | 'putArtifact'>,
  metrics: T,
): Promise<ArtifactRef> => {
  const text = canonicalJson(metrics as unknown as JsonObject);
  const file = await store.putFile(path, Buffer.from(text), 'application/json');
  return store.putArtifact({ type: 'metrics', meta: { kind: metrics.kind }, files: [file] });
};

/** @throws CemiflowError `MetricsInvalid` where the artifact holds none */
export const readMetrics = async (
  store: Pick<ArtifactStore, 'getArtifact' | 'getBlob'>,
  ref: ArtifactRef,
): Promise<JsonObject> => {
  const file = (await store.getArtifact(ref)).files.find((each) => each.path === path);
  if (file) return JSON.parse((await store.getBlob(file.digest)).toString('utf8')) as JsonObject;
  throw new CemiflowError('MetricsInvalid', `${ref.type} ${ref.digest} has no ${path}`, {
    remedy: 'give the output of an evaluation',
    data: { digest: ref.digest },
  });
};
