/** The one place that loads TensorFlow.js: its native addon is bound to the TensorFlow library that `setup.mjs` brought. */
import './node-util.ts';
import * as tf from '@tensorflow/tfjs-node-gpu';

export { tf };

/** Named tensors: a network's parameters, a step's state, a batch. */
export type Tensors = Record<string, tf.Tensor>;
