import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { type Digest, digestOf } from '../../../core/digest.ts';
import type { JsonObject } from '../../../core/errors.ts';

/** What the CemiFace paper reports, quoted. Accuracies in percent, benchmarks in the order of `benchmarks`. */
export interface PaperResults {
  /** Digest of the quoted file. */
  readonly artifact: Digest;
  /** The whole file. */
  readonly data: JsonObject;
  readonly source: string;
  readonly benchmarks: readonly string[];
  readonly comparison: readonly PaperMethod[];
  readonly sweep: readonly PaperSweepPoint[];
  readonly similarity: { readonly bins: readonly string[]; readonly rows: readonly PaperSimilarity[] };
}

export interface PaperMethod {
  readonly method: string;
  readonly loss?: string;
  readonly volume: string;
  /** Run by the paper's authors under their own settings. */
  readonly reproduced?: boolean;
  readonly acc: readonly number[];
  readonly avg: number;
  readonly gtr: number | null;
}

export interface PaperSweepPoint {
  readonly m: number;
  readonly acc: readonly number[];
  readonly avg: number;
  readonly suspect?: string;
}

export interface PaperSimilarity {
  readonly method: string;
  readonly avg_sim: number;
  readonly std: number;
  readonly identities: readonly number[];
}

/** Named by URL: the file's bytes count in the code digest of whatever quotes it. */
const file = fileURLToPath(new URL('./results.yaml', import.meta.url));

export const readResults = async (): Promise<PaperResults> => {
  const bytes = await readFile(file);
  const data = parse(bytes.toString('utf8')) as {
    source: string;
    benchmarks: string[];
    table6_comparison: PaperMethod[];
    table11_m_sweep: PaperSweepPoint[];
    table7_similarity_statistics: PaperResults['similarity'];
  };
  return {
    artifact: digestOf(bytes),
    data: data as unknown as JsonObject,
    source: data.source,
    benchmarks: data.benchmarks,
    comparison: data.table6_comparison,
    sweep: data.table11_m_sweep,
    similarity: data.table7_similarity_statistics,
  };
};
