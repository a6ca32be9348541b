import type { Point } from '../core/expand.ts';
import type { StageSchemas } from '../schemas/stage-schemas.ts';
import type { Spec } from './spec.ts';
import type { Target } from './stage-references.ts';
import type { ParamTable, Scope } from './values.ts';
import type { Located } from './yaml.ts';

/** What the steps of an expansion share. */
export interface Expanding {
  readonly spec: Spec;
  readonly schemas: StageSchemas;
  readonly params: ParamTable;
  /** Values that could not be had: nothing more is said of them. */
  readonly failed: Set<Located>;
  /** Each stage's kind and matrix, as far as they are known. */
  readonly targets: Map<string, Target>;
}

/** Where values of this owner are worked out. */
export const scopeOf = ({ spec, params, failed }: Expanding, owner: string, point?: Point): Scope => ({
  ...{ problems: spec.problems, params, owner, failed },
  ...(point ? { point } : {}),
});
