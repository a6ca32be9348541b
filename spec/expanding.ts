import type { Json } from '../core/errors.ts';
import type { Point } from '../core/expand.ts';
import type { StageSchemas } from '../schemas/stage-schemas.ts';
import type { Spec } from './spec.ts';
import type { Target } from './stage-references.ts';
import type { ParamTable, Scope } from './values.ts';
import type { Located } from './yaml.ts';

/** State shared by the steps of one expansion. */
export interface Expanding {
  readonly spec: Spec;
  readonly schemas: StageSchemas;
  readonly params: ParamTable;
  /** Values that could not be evaluated; they were reported already. */
  readonly failed: Set<Located>;
  /** Each stage's schema and matrix, by name. */
  readonly targets: Map<string, Target>;
  /** Lists of all seeds in the report's parameters, and what stands for each where no list is taken. */
  readonly firsts: Map<Json, Json>;
}

/** The scope in which values of this owner are evaluated. */
export const scopeOf = ({ spec, params, failed }: Expanding, owner: string, point?: Point): Scope => ({
  ...{ problems: spec.problems, params, owner, failed },
  ...(point ? { point } : {}),
});
