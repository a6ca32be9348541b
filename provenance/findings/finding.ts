import type { JsonObject } from '../../core/errors.ts';

/** What an auditor would want to know, proven by what stands behind what. */
export interface Finding {
  readonly kind: 'leakage' | 'selection' | 'real faces' | 'seeds' | 'not reproducible' | 'adopted';
  /** `warning`: it may make a number worthless. `note`: a fact that readers are owed. */
  readonly severity: 'warning' | 'note';
  /** One line that names the nodes. */
  readonly message: string;
  readonly nodes: readonly string[];
  readonly evidence: JsonObject;
}
