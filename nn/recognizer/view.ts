import { unitRows } from '../layers/unit-rows.ts';
import { type Tensors, tf } from '../tf.ts';
import { embed } from './backbone.ts';
import type { RecognizerConfig } from './config.ts';

/**
 * Which picture is embedded: the image, its mirror image, or both added before normalisation (verification's). `added` is both,
 * not normalised (templates').
 */
export type View = 'plain' | 'mirrored' | 'both' | 'added';

/** Embeddings of length one, unless they are `added`. @param images float32 [B, S, S, 3] in [-1, 1] @returns float32 [B, D] */
export const embedView = (weights: Tensors, images: tf.Tensor4D, config: RecognizerConfig, view: View): tf.Tensor2D => {
  const plain = view === 'mirrored' ? undefined : embed(weights, images, config);
  const mirrored = view === 'plain' ? undefined : embed(weights, tf.reverse(images, 2), config);
  const rows = (plain && mirrored ? tf.add(plain, mirrored) : (plain ?? mirrored)) as tf.Tensor2D;
  return view === 'added' ? rows : unitRows(rows);
};
