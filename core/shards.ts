/** A run of consecutive identities: `from` … `from + count - 1`. */
export type IdentityRange = {
  readonly from: number;
  readonly count: number;
};

/**
 * Cuts 0 … total-1 at fixed multiples of `size`, so that the same identity falls into the same shard however large the
 * set is: a set that grew from 10k to 20k identities keeps its first shards (when 10k is a multiple of `size`).
 *
 * @param total identities, >= 0  @param size identities a shard, >= 1
 */
export const shardRanges = (total: number, size: number): IdentityRange[] => {
  if (!Number.isInteger(total) || total < 0)
    throw new RangeError(`total must be an integer of at least 0, got ${total}`);
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`size must be an integer of at least 1, got ${size}`);
  return Array.from({ length: Math.ceil(total / size) }, (_, i) => ({
    from: i * size,
    count: Math.min(size, total - i * size),
  }));
};
