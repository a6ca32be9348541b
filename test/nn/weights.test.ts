import { describe, expect, it } from 'vitest';
import { tf } from '../../nn/tf.ts';
import { fromSafetensors, type StoredParameter, toSafetensors } from '../../nn/weights.ts';

const init = { type: 'zeros' } as const;
const conv: StoredParameter = { name: 'c.weight', shape: [3, 3, 2, 4], kind: 'conv', init };
const dense: StoredParameter = { name: 'l.weight', shape: [3, 2], kind: 'linear', init };
const flat: StoredParameter = { name: 'f.weight', shape: [12, 2], kind: 'linear', flattened: [2, 2, 3], init };
const vector: StoredParameter = { name: 'v', shape: [5], kind: 'vector', init };
const all = [conv, dense, flat, vector];
const counting = (shape: readonly number[]): tf.Tensor =>
  tf
    .range(
      0,
      shape.reduce((a, b) => a * b, 1),
    )
    .reshape([...shape]);

describe('weights in PyTorch layout', () => {
  const tensors = Object.fromEntries(all.map(({ name, shape }) => [name, counting(shape)]));
  const stored = toSafetensors(tensors, all);
  const at = (name: string) => stored[name] as { shape: number[]; data: Float32Array };

  it('turns HWIO into OIHW', () => {
    expect(at('c.weight').shape).toEqual([4, 2, 3, 3]);
    // [h, w, i, o] = [2, 0, 1, 3] lies at ((2 · 3 + 0) · 2 + 1) · 4 + 3 here and at ((3 · 2 + 1) · 3 + 2) · 3 + 0 there.
    expect(at('c.weight').data[69]).toBe(55);
  });

  it('turns [in, out] into [out, in]', () => {
    expect(at('l.weight').shape).toEqual([2, 3]);
    expect([...at('l.weight').data]).toEqual([0, 2, 4, 1, 3, 5]);
  });

  it('reorders the rows behind a flattened map from H, W, C to C, H, W', () => {
    expect(at('f.weight').shape).toEqual([2, 12]);
    // Output 0, then c = 0 … 2, h, w: row (h · 2 + w) · 3 + c, two values a row.
    expect([...at('f.weight').data.subarray(0, 12)]).toEqual([0, 6, 12, 18, 2, 8, 14, 20, 4, 10, 16, 22]);
  });

  it('comes back to the same values without leaving tensors', () => {
    const before = tf.memory().numTensors;
    const back = fromSafetensors(toSafetensors(tensors, all), all);
    for (const { name, shape } of all) {
      expect(back[name]?.shape).toEqual(shape);
      expect([...(back[name] as tf.Tensor).dataSync()]).toEqual([...(tensors[name] as tf.Tensor).dataSync()]);
    }
    tf.dispose(back);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('reads a linear layer that is stored as a convolution of kernel 1', () => {
    const { data } = at('l.weight');
    const read = (shape: number[]) =>
      fromSafetensors({ 'model.l.weight': { dtype: 'F32', shape, data } }, [dense])['l.weight'] as tf.Tensor;
    expect([...read([2, 3, 1]).dataSync()]).toEqual([...(tensors['l.weight'] as tf.Tensor).dataSync()]);
    expect(() => read([2, 3, 2])).toThrow(/l\.weight must be F32 \[2,3\], the file has F32 \[2,3,2\]/);
    const flatMap = { dtype: 'F32', shape: [4, 2, 3, 3, 1], data: at('c.weight').data };
    expect(() => fromSafetensors({ 'c.weight': flatMap }, [conv])).toThrow(/c\.weight must be F32 \[4,2,3,3\]/);
  });

  it('refuses a file without a parameter, or with one of another shape', () => {
    const { 'l.weight': _, ...without } = stored;
    expect(() => fromSafetensors(without, all)).toThrow(/lacks parameter l\.weight/);
    const wrong = { ...stored, v: { dtype: 'F32', shape: [4], data: new Float32Array(4) } };
    expect(() => fromSafetensors(wrong, all)).toThrow(/v must be F32 \[5\], the file has F32 \[4\]/);
  });
});
