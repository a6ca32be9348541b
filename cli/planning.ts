import type { Digest } from '../core/digest.ts';
import type { Plan, PlanNode } from '../core/plan.ts';
import type { RunPlaces, RunSpec } from '../core/run-record.ts';
import { folderDigest } from '../formats/folder/digest.ts';
import { loadStageSchemas } from '../schemas/stage-schemas.ts';
import { type CodeDigest, codeDigests } from '../spec/code-digest.ts';
import { planExpansion } from '../spec/compile.ts';
import { type Expansion, expandSpec } from '../spec/expand.ts';
import { type PlanStatus, planStatus } from '../spec/plan-status.ts';
import { keptSpec } from '../spec/run-spec.ts';
import { readSpec, type Spec } from '../spec/spec.ts';
import type { Store } from '../store/index.ts';
import type { Arguments } from './command.ts';
import { openSavedPlan, plannedFrom, type SavedFile } from './saved-plans.ts';
import type { Session } from './session.ts';

/** Everything of a spec that can be checked without reading code or data. @throws SpecError */
export const checkSpec = (args: Arguments, session: Session): Expansion =>
  expandSpec(specOf(args, session), loadStageSchemas());

const specOf = (args: Arguments, { cwd }: Session): Spec =>
  readSpec(args.positionals[0] ?? '', { set: args.texts('set'), cwd });

/** A plan, and all that it stands on. */
export interface Planned {
  readonly plan: Plan;
  readonly spec: RunSpec;
  /** Where all that lies on this machine. */
  readonly places: RunPlaces;
  /** Of the stage kinds of the plan. */
  readonly codes: ReadonlyMap<string, CodeDigest>;
  /** Digests of the folders that its nodes read, by absolute path. */
  readonly contents: ReadonlyMap<string, Digest>;
  /** Where the plan was not made now, but saved before. */
  readonly file?: SavedFile;
}

/**
 * The plan of the spec that the arguments name, or the saved one. Starts nothing.
 *
 * @throws SpecError, CemiflowError; `PlanStale` where a saved plan cannot be executed as it is
 */
export const makePlan = async (args: Arguments, session: Session): Promise<Planned> => {
  const file = openSavedPlan(args, session);
  if (file) return plannedFrom(file);
  const spec = specOf(args, session);
  const schemas = loadStageSchemas();
  const kinds = [...new Set(spec.stages.map(({ uses }) => uses))].filter((kind) => schemas.has(kind)).sort();
  // Begun first: the bundler is a process of its own, and works while the spec is expanded here.
  const digested = codeDigests(kinds);
  digested.catch(() => {});
  const expansion = expandSpec(spec, schemas);
  const codes = await digested;
  const contents = new Map<string, Digest>();
  const plan = await planExpansion(spec, expansion, {
    codes,
    resolveContent: async (path) => {
      const { digest } = await folderDigest(path);
      contents.set(path, digest);
      return digest;
    },
  });
  const folders = Object.fromEntries([...contents].map(([path, content]) => [content, path]));
  return { plan, spec: declared(spec, args), places: { spec: spec.file, folders }, codes, contents };
};

const declared = ({ file, files }: Spec, args: Arguments): RunSpec => {
  const set = [...args.texts('set')];
  return keptSpec({ path: file, ...(set.length > 0 && { overrides: { set } }), files });
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
