import type { Plan, PlanNode } from '../core/plan.ts';
import { folderDigest } from '../data/folder/digest.ts';
import { codeDigests } from '../schemas/code-digest.ts';
import { type Expansion, expandSpec, planExpansion } from '../schemas/compile.ts';
import { type PlanStatus, planStatus } from '../schemas/plan-status.ts';
import { readSpec, type Spec } from '../schemas/spec.ts';
import { loadStageSchemas } from '../schemas/stage-schemas.ts';
import type { Store } from '../store/index.ts';
import type { Arguments } from './command.ts';
import type { Session } from './session.ts';

/** Everything of a spec that can be checked without reading code or data. @throws SpecError */
export const checkSpec = (args: Arguments, session: Session): Expansion =>
  expandSpec(specOf(args, session), loadStageSchemas());

const specOf = (args: Arguments, { cwd }: Session): Spec =>
  readSpec(args.positionals[0] ?? '', { set: args.texts('set'), cwd });

/** The plan of the spec that the arguments name. Starts nothing. @throws SpecError, CemiflowError */
export const makePlan = async (args: Arguments, session: Session): Promise<Plan> => {
  const spec = specOf(args, session);
  const expansion = expandSpec(spec, loadStageSchemas());
  const kinds = [...new Set(expansion.nodes.map(({ kind }) => kind))].sort();
  return planExpansion(spec, expansion, {
    codes: await codeDigests(kinds),
    resolveContent: async (path) => (await folderDigest(path)).digest,
  });
};

/** Which nodes are in the store, and why the others are not. */
export const statusOf = (plan: Plan, store: Store): Promise<PlanStatus> =>
  planStatus(plan, {
    lookup: (keys) => store.lookupRecords(keys),
    latest: async (nodeIds) => {
      const found = await store.latestOf(plan.experiment, nodeIds);
      return new Map([...found].map(([id, { action }]) => [id, action]));
    },
  });

/** The one output of a node that has the type, if any. */
export const outputOfType = (node: Pick<PlanNode, 'outputs'>, type: string): string | undefined =>
  Object.entries(node.outputs).find(([, found]) => found === type)?.[0];
