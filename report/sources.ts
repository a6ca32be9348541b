import type { Digest } from '../core/digest.ts';

/** One artifact (or quotation) that numbers or pictures were read from. */
export interface Source {
  readonly digest: Digest;
  readonly type: string;
  /** What it is in this report, for people: once for each use. */
  readonly what: readonly string[];
}

/** Where something was read: the parameter tells equal artifacts of several stages apart. */
export interface Read {
  readonly artifact: Digest;
  /** Place in the report's parameters: `accuracy.2.metrics.1.artifact`. */
  readonly input: string;
}

/** A key in a JSON pointer (RFC 6901). */
export const pointerSegment = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

/** The artifacts that a number was computed from, and the parameters that name them. */
export const readFrom = (...read: readonly Read[]): { readonly artifacts: Digest[]; readonly inputs: string[] } => ({
  artifacts: read.map(({ artifact }) => artifact),
  inputs: read.map(({ input }) => input),
});

/** The same for a number that is at one place in each of them: `metrics.json#/average`. */
export const readFromAt = (place: string, reads: readonly Read[]) => ({
  ...readFrom(...reads),
  at: reads.map(() => place),
});
