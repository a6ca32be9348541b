import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { type Digest, digestOf } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';

/** What the CemiFace paper reports, quoted. Accuracies in percent, benchmarks in the order of `benchmarks`. */
export interface PaperResults {
  /** Digest of the quoted file. */
  readonly artifact: Digest;
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

/**
 * The quoted file is data, which no bundle of this code contains. Its digest stands here, so that a report's action key
 * changes when the quotation does.
 */
export const paperDigest: Digest = 'sha256:00690d6ff3ac32db4aa15942ce1dea07afb8c1c0b1b644324ea130958bbf0af7';

const paperFile = fileURLToPath(new URL('./cemiface-results.yaml', import.meta.url));

/** @throws CemiflowError `PaperChanged` when the file is not the one that `paperDigest` names */
export const readPaper = async (file = paperFile): Promise<PaperResults> => {
  const bytes = await readFile(file);
  const found = digestOf(bytes);
  if (found !== paperDigest) {
    throw new CemiflowError('PaperChanged', `the paper's results hash to ${found}, this code expects ${paperDigest}`, {
      remedy:
        'restore report/paper/cemiface-results.yaml, or set paperDigest in report/paper/paper.ts to the new digest',
      data: { found, expected: paperDigest },
    });
  }
  const data = parse(bytes.toString('utf8')) as {
    source: string;
    benchmarks: string[];
    table6_comparison: PaperMethod[];
    table11_m_sweep: PaperSweepPoint[];
    table7_similarity_statistics: PaperResults['similarity'];
  };
  return {
    artifact: found,
    source: data.source,
    benchmarks: data.benchmarks,
    comparison: data.table6_comparison,
    sweep: data.table11_m_sweep,
    similarity: data.table7_similarity_statistics,
  };
};
