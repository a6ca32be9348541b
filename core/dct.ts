const basis = Float64Array.from({ length: 64 }, (_, i) => {
  const k = i >> 3;
  return (k === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * (i & 7) + 1) * k * Math.PI) / 16);
});

/**
 * The orthonormal DCT of an 8 × 8 block as JPEG has it, rows and then columns, or its inverse, in place.
 *
 * @param block float64 [64] @param half float64 [64], memory to work in
 */
export const transformBlock = (block: Float64Array, half: Float64Array, inverse: boolean): void => {
  for (let pass = 0; pass < 2; pass++) {
    for (let row = 0; row < 8; row++) {
      for (let k = 0; k < 8; k++) {
        let sum = 0;
        for (let i = 0; i < 8; i++) {
          sum += (block[row * 8 + i] as number) * (basis[inverse ? i * 8 + k : k * 8 + i] as number);
        }
        half[k * 8 + row] = sum;
      }
    }
    block.set(half);
  }
};
