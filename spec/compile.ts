import type { Digest } from '../core/digest.ts';
import { CemiflowError, type JsonObject } from '../core/errors.ts';
import type { Plan, PlanNode } from '../core/plan.ts';
import type { StageSchemas } from '../schemas/stage-schemas.ts';
import { type Expansion, expandSpec } from './expand.ts';
import type { Spec } from './spec.ts';

/** What planning needs besides the spec: schemas, code and the content of folders. */
export interface PlanInputs {
  readonly schemas: StageSchemas;
  /** Code digest of each kind that the spec uses. */
  readonly codes: ReadonlyMap<string, { readonly digest: Digest }>;
  /** Digest of the files under an absolute path, or at an address. @param params of the stage that reads them @param isCode whether it is a folder of code */
  resolveContent(path: string, params: JsonObject, isCode: boolean): Promise<Digest>;
  /**
   * Is told of nodes whose files are not there, which are refused where this is not given. Their params say nothing of the files, so
   * the plan can be estimated and not run.
   */
  onAbsent?(node: string, written: string): void;
}

/** Expands a spec into a plan. @throws SpecError with every mistake of the spec */
export const compilePlan = (spec: Spec, { schemas, ...inputs }: PlanInputs): Promise<Plan> =>
  planExpansion(spec, expandSpec(spec, schemas), inputs);

/** Adds code and content digests to an expanded spec. @throws SpecError where a folder cannot be read, see `onAbsent` */
export const planExpansion = async (
  spec: Spec,
  expansion: Expansion,
  inputs: Omit<PlanInputs, 'schemas'>,
): Promise<Plan> => {
  const contents = new Map<string, Digest>();
  for (const { content, params } of expansion.nodes) {
    if (content === undefined || contents.has(keyOf(content, params))) continue;
    try {
      const digest = await inputs.resolveContent(content.path, params, content.isCode);
      contents.set(keyOf(content, params), digest);
    } catch (error) {
      if (!(error instanceof CemiflowError)) throw error;
      if (inputs.onAbsent && error.code === 'FolderNotFound') continue;
      spec.problems.add(content.at, error.message, error.remedy);
    }
  }
  spec.problems.throwIfAny();
  const nodes = expansion.nodes.map(({ content, expects: _expected, ...node }): PlanNode => {
    const code = inputs.codes.get(node.kind)?.digest;
    if (code === undefined) throw noCode(node.kind);
    if (content === undefined) return { ...node, code };
    const { param, path, written } = content;
    const { [param]: _, ...params } = node.params;
    const digest = contents.get(keyOf(content, node.params));
    if (digest === undefined) inputs.onAbsent?.(node.id, written);
    return {
      ...node,
      code,
      params: digest === undefined ? params : { ...params, content: digest },
      places: { [param]: { path, written } },
    };
  });
  return { experiment: expansion.experiment, nodes };
};

/** Stages that read one path may differ in whether they follow its links. */
const keyOf = ({ path, isCode }: { readonly path: string; readonly isCode: boolean }, { links }: JsonObject): string =>
  JSON.stringify([path, links ?? null, isCode]);

const noCode = (kind: string): CemiflowError =>
  new CemiflowError('CodeUnknown', `there is no code digest of ${kind}`, {
    remedy: `add the folder of ${kind}, with its stage.ts`,
    data: { kind },
  });
