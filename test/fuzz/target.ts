import type { Arbitrary } from 'fast-check';

/** A parser of untrusted files, as the fuzzer runs it. */
export interface FuzzTarget {
  readonly name: string;
  /** Valid files, which are mutated. */
  readonly seeds: readonly Uint8Array[];
  /** Files that a mutation of bytes would hardly reach, such as those with a checksum; they make half of the cases. */
  readonly cases?: Arbitrary<Uint8Array>;
  /** Resolves, or rejects with a CemiflowError; anything else is a finding. */
  run(bytes: Uint8Array): Promise<void>;
}
