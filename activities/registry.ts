import type { AnyStageKind } from '../core/stage.ts';

/**
 * Every stage kind and the module that does it. Loaded when first used, so that a worker which never trains does not
 * load TensorFlow.
 */
export const registry: { readonly [kind: string]: () => Promise<{ readonly stage: AnyStageKind }> } = {
  'centers/compute': () => import('./centers-compute.ts'),
  'data/benchmarks': () => import('./data-benchmarks.ts'),
  'data/folder': () => import('./data-folder.ts'),
  'data/procedural': () => import('./data-procedural.ts'),
  'diffusion/generate': () => import('./diffusion-generate.ts'),
  'diffusion/train': () => import('./diffusion-train.ts'),
  'evaluate/privacy': () => import('./evaluate-privacy.ts'),
  'evaluate/similarity': () => import('./evaluate-similarity.ts'),
  'evaluate/verification': () => import('./evaluate-verification.ts'),
  'inquiry/select': () => import('./inquiry-select.ts'),
  'recognizer/select': () => import('./recognizer-select.ts'),
  'recognizer/train': () => import('./recognizer-train.ts'),
  'report/build': () => import('./report-build.ts'),
};
