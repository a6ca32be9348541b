import { unitRows } from '../layers/unit-rows.ts';
import { type Tensors, tf } from '../tf.ts';
import { embed } from './backbone.ts';
import type { RecognizerConfig } from './config.ts';

/** Which picture is embedded: the image, its mirror image, or both added before normalisation (verification's). */
export type View = 'plain' | 'mirrored' | 'both';

/** Embeddings of length one. @param images float32 [B, S, S, 3] in [-1, 1] @returns float32 [B, D] */
export const embedView = (weights: Tensors, images: tf.Tensor4D, config: RecognizerConfig, view: View): tf.Tensor2D => {
  const plain = view === 'mirrored' ? undefined : embed(weights, images, config);
  const mirrored = view === 'plain' ? undefined : embed(weights, tf.reverse(images, 2), config);
  return unitRows((plain && mirrored ? tf.add(plain, mirrored) : (plain ?? mirrored)) as tf.Tensor);
};
