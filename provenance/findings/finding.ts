import type { JsonObject } from '../../core/errors.ts';
import type { Store } from '../../store/index.ts';

/** What an auditor would want to know, proven by what was made from what. */
export interface Finding {
  readonly kind:
    | 'leakage'
    | 'selection'
    | 'real faces'
    | 'sets'
    | 'duplicates'
    | 'same person'
    | 'seeds'
    | 'not reproducible'
    | 'adopted'
    | 'foreign program'
    | 'unknown stages';
  /** `warning`: it may make a number worthless. `note`: a fact that readers should know. */
  readonly severity: 'warning' | 'note';
  /** One line that names the nodes. */
  readonly message: string;
  readonly nodes: readonly string[];
  readonly evidence: JsonObject;
}

/** The part of the store that findings read. */
export type FindingStore = Pick<Store, 'getArtifact' | 'getBlob' | 'listRecords'>;

/** Names of nodes in a message: the first of many, and how many more there are. */
export const listed = (names: readonly string[]): string =>
  names.length > 4 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
