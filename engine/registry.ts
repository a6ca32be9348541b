import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnyStageKind } from '../core/stage.ts';
import { placeOfKind, repository } from '../schemas/kind-places.ts';

/**
 * Loads the module of a stage kind when it is first used, so that a worker that never trains does not load TensorFlow.
 *
 * @throws CemiflowError `UnknownKind`
 */
export const loadStage = async (kind: string): Promise<AnyStageKind> => {
  const { module } = placeOfKind(kind);
  const { stage } = (await import(pathToFileURL(join(repository, module)).href)) as { readonly stage: AnyStageKind };
  return stage;
};
