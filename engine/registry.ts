import type { AnyStageKind } from '../core/stage.ts';

/**
 * Every stage kind and the module that does it. Loaded when first used, so that a worker which never trains does not
 * load TensorFlow.
 */
export const registry: { readonly [kind: string]: () => Promise<{ readonly stage: AnyStageKind }> } = {
  'centers/compute': () => import('../activities/centers-compute.ts'),
  'data/benchmarks': () => import('../activities/data-benchmarks.ts'),
  'data/folder': () => import('../activities/data-folder.ts'),
  'data/procedural': () => import('../activities/data-procedural.ts'),
  'diffusion/generate': () => import('../activities/diffusion-generate.ts'),
  'diffusion/train': () => import('../activities/diffusion-train.ts'),
  'evaluate/privacy': () => import('../activities/evaluate-privacy.ts'),
  'evaluate/similarity': () => import('../activities/evaluate-similarity.ts'),
  'evaluate/verification': () => import('../activities/evaluate-verification.ts'),
  'inquiry/select': () => import('../activities/inquiry-select.ts'),
  'recognizer/select': () => import('../activities/recognizer-select.ts'),
  'recognizer/train': () => import('../activities/recognizer-train.ts'),
  'report/build': () => import('../activities/report-build.ts'),
};
