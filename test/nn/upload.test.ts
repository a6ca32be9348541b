import { expect, test } from 'vitest';
import { tf } from '../../nn/tf.ts';

test('a tensor copies the memory of its array, wherever that lies', () => {
  // A few of them are aligned as TensorFlow wants memory: those the published addon shares instead.
  for (let i = 0; i < 400; i++) {
    const values = new Float32Array(48).fill(1);
    const tensor = tf.tensor1d(values);
    const sum = tensor.sum();
    values.fill(9);
    expect(tensor.dataSync()).toEqual(new Float32Array(48).fill(1));
    tf.dispose([tensor, sum]);
  }
});
