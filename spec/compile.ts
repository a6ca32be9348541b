import type { Digest } from '../core/digest.ts';
import { CemiflowError } from '../core/errors.ts';
import type { Plan, PlanNode } from '../core/plan.ts';
import type { StageSchemas } from '../schemas/stage-schemas.ts';
import { type Expansion, expandSpec } from './expand.ts';
import type { Spec } from './spec.ts';

/** What planning needs to know of the world outside the spec. */
export interface PlanInputs {
  readonly schemas: StageSchemas;
  /** Code digest of each kind that the spec uses. */
  readonly codes: ReadonlyMap<string, { readonly digest: Digest }>;
  /** Digest of the files under an absolute path. */
  resolveContent(path: string): Promise<Digest>;
}

/** The experiment as actions-to-be. @throws SpecError with every mistake of the spec */
export const compilePlan = (spec: Spec, { schemas, ...inputs }: PlanInputs): Promise<Plan> =>
  planExpansion(spec, expandSpec(spec, schemas), inputs);

/** The same, of a spec that has been expanded. @throws SpecError where content cannot be read */
export const planExpansion = async (
  spec: Spec,
  expansion: Expansion,
  inputs: Omit<PlanInputs, 'schemas'>,
): Promise<Plan> => {
  const contents = new Map<string, Digest>();
  for (const { content } of expansion.nodes) {
    if (content === undefined || contents.has(content.path)) continue;
    try {
      contents.set(content.path, await inputs.resolveContent(content.path));
    } catch (error) {
      if (!(error instanceof CemiflowError)) throw error;
      spec.problems.add(content.at, error.message, error.remedy);
    }
  }
  spec.problems.throwIfAny();
  const nodes = expansion.nodes.map(({ content, ...node }): PlanNode => {
    const code = inputs.codes.get(node.kind)?.digest;
    if (code === undefined) throw noCode(node.kind);
    if (content === undefined) return { ...node, code };
    const { param, path, written } = content;
    const { [param]: _, ...params } = node.params;
    return {
      ...node,
      code,
      params: { ...params, content: contents.get(path) as Digest },
      places: { [param]: { path, written } },
    };
  });
  return { experiment: expansion.experiment, nodes };
};

const noCode = (kind: string): CemiflowError =>
  new CemiflowError('CodeUnknown', `there is no code digest of ${kind}`, {
    remedy: `add the folder of ${kind}, with its stage.ts`,
    data: { kind },
  });
