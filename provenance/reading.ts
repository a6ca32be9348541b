import type { ArtifactStore } from '../core/stage.ts';

/** The part of the store that is enough to read artifacts. */
export type Reading = Pick<ArtifactStore, 'getArtifact' | 'getBlob'>;
