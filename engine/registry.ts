import type { AnyStageKind } from '../core/stage.ts';

/**
 * Every stage kind and the module that does it. Loaded when first used, so that a worker which never trains does not
 * load TensorFlow.
 */
export const registry: { readonly [kind: string]: () => Promise<{ readonly stage: AnyStageKind }> } = {
  'centers/compute': () => import('../activities/centers-compute/stage.ts'),
  'data/benchmarks': () => import('../activities/data-benchmarks/stage.ts'),
  'data/folder': () => import('../activities/data-folder/stage.ts'),
  'data/procedural': () => import('../activities/data-procedural/stage.ts'),
  'diffusion/generate': () => import('../activities/diffusion-generate/stage.ts'),
  'diffusion/train': () => import('../activities/diffusion-train/stage.ts'),
  'evaluate/privacy': () => import('../activities/evaluate-privacy/stage.ts'),
  'evaluate/similarity': () => import('../activities/evaluate-similarity/stage.ts'),
  'evaluate/verification': () => import('../activities/evaluate-verification/stage.ts'),
  'inquiry/select': () => import('../activities/inquiry-select/stage.ts'),
  'recognizer/select': () => import('../activities/recognizer-select/stage.ts'),
  'recognizer/train': () => import('../activities/recognizer-train/stage.ts'),
  'report/build': () => import('../activities/report-build/stage.ts'),
};
