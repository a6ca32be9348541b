import { resolve } from 'node:path';
import type { Digest } from '../core/digest.ts';
import type { NodeStatus, PlanNode } from '../core/plan.ts';
import type { RunSpec } from '../core/run-record.ts';
import { codeDigest } from '../foreign/code.ts';
import { loadStageSchemas } from '../schemas/stage-schemas.ts';
import { codeDigests } from '../spec/code-digest.ts';
import { planExpansion } from '../spec/compile.ts';
import type { Speeds } from '../spec/costs.ts';
import { expandSpec } from '../spec/expand.ts';
import { keptSpec } from '../spec/run-spec.ts';
import { readSpec, type Spec } from '../spec/spec.ts';
import type { Store } from '../store/index.ts';
import type { Caller } from './caller.ts';
import { connectStore } from './connect.ts';
import { knownContent } from './content-memo.ts';
import { type EstimateSpeeds, estimateOf, type PlanEstimate } from './estimating.ts';
import { measuredIn } from './measured.ts';
import { readOwnKinds } from './own-kinds.ts';
import { type Planned, type SpecRequest, statusOf } from './planned.ts';
import { runIdOf } from './runs.ts';
import { checkHits, openSavedPlan, plannedFrom, savePlan } from './saved-plans.ts';
import { usageError } from './usage-error.ts';

/** A spec or saved plan that has no mistakes. */
export interface Validated {
  readonly experiment: string;
  /** Whether it is a saved plan. */
  readonly savedPlan: boolean;
  readonly nodes: readonly { readonly id: string; readonly stage: string }[];
}

/** Checks everything that can be checked without reading code or data; starts nothing. @throws SpecError, CemiflowError */
export const validate = (request: SpecRequest, { cwd }: Pick<Caller, 'cwd'>): Validated => {
  const file = openSavedPlan(request, cwd);
  const { experiment, nodes } = file ? file.saved.plan : expandSpec(readRequest(request, cwd), loadStageSchemas());
  return { experiment, savedPlan: file !== undefined, nodes: nodes.map(({ id, stage }) => ({ id, stage })) };
};

/** What a run would do. */
export interface PlanResult {
  /** The id that the run has, or would have; absent where files are missing, on which it depends. */
  readonly run?: string;
  readonly experiment: string;
  readonly nodes: readonly { readonly node: PlanNode; readonly status: NodeStatus }[];
  /** Absolute path of the file that the plan was saved to. */
  readonly saved?: string;
  readonly estimate?: PlanEstimate;
}

/** How a plan is to be estimated. */
export interface EstimateRequest extends Pick<Speeds, 'device'> {
  /** Operations a second that are assumed of a GPU that was never measured, in 10¹². */
  readonly tflops: number;
  /** Measures this machine, at the kinds of work that it has no records of. */
  readonly probe: boolean;
}

/** What is to be planned, and how. */
export interface PlanRequest extends SpecRequest {
  /** File to write the plan to. */
  readonly save?: string;
  /** Estimates the cost, also where files are missing. */
  readonly estimate?: EstimateRequest;
}

/**
 * Plans a run: each action a hit, a miss and why, or pending; and what it costs, where that is asked for.
 *
 * @throws SpecError, CemiflowError
 */
export const plan = async (request: PlanRequest, caller: Caller): Promise<PlanResult> => {
  const wanted = request.estimate;
  const planned = await makePlan(request, caller, { mayLackFiles: wanted !== undefined });
  const absent = planned.absent ?? new Map<string, string>();
  if (absent.size > 0 && request.save !== undefined)
    throw usageError(
      `a plan cannot be saved while files are missing: ${[...absent.values()].join(', ')}`,
      'leave --save out, or plan where the files are',
    );
  const store = await connectStore(caller);
  const status = await statusOf(planned.plan, store, caller.home, absent);
  checkHits(planned, status, caller);
  const estimate = wanted && (await estimateOf(planned, status, store, await speedsOf(wanted, store, caller)));
  const saved = request.save === undefined ? undefined : resolve(caller.cwd, request.save);
  if (saved !== undefined) savePlan(saved, planned, status);
  const { experiment, nodes } = planned.plan;
  return {
    ...(absent.size === 0 && { run: runIdOf(planned.plan) }),
    experiment,
    nodes: nodes.map((node) => ({ node, status: status.nodes.get(node.id) ?? { state: 'pending', reason: '' } })),
    ...(saved !== undefined && { saved }),
    ...(estimate && { estimate }),
  };
};

const speedsOf = async (
  { probe, ...speeds }: EstimateRequest,
  store: Store,
  caller: Caller,
): Promise<EstimateSpeeds> => ({ ...speeds, measured: await measuredIn(store), ...(probe && { caller }) });

/**
 * The plan of a spec, or a saved one. Starts nothing.
 *
 * @param options.mayLackFiles for an estimate: nodes whose files are not there are listed instead of refused
 * @throws SpecError, CemiflowError; `PlanStale` where a saved plan cannot be executed as it is
 */
export const makePlan = async (
  request: SpecRequest,
  { cwd, home }: Pick<Caller, 'cwd' | 'home'>,
  { mayLackFiles = false }: { readonly mayLackFiles?: boolean } = {},
): Promise<Planned> => {
  const file = openSavedPlan(request, cwd);
  if (file) return plannedFrom(file, home);
  const spec = readRequest(request, cwd);
  const schemas = loadStageSchemas();
  const known = [...new Set(spec.stages.map(({ uses }) => uses))].filter((kind) => schemas.has(kind)).sort();
  // Begun first: the bundler is a separate process, and works while the spec is expanded here.
  const digested = codeDigests(known);
  // Where the spec is refused, no one awaits the digests: a rejection must be swallowed here.
  digested.catch(() => {});
  const expansion = expandSpec(spec, schemas);
  const codes = await digested;
  const kinds = Object.fromEntries(expansion.ownKinds.map(({ kind, folder }) => [kind, folder]));
  const ownKinds = await readOwnKinds(kinds);
  const contents = new Map<string, Digest>();
  const absent = new Map<string, string>();
  const made = await planExpansion(spec, expansion, {
    codes: new Map([...codes, ...[...ownKinds].map(([kind, { code }]) => [kind, code] as const)]),
    resolveContent: async (path, { links }, isCode) => {
      const digest = isCode
        ? await codeDigest(path)
        : await knownContent(home, path, { links: links === 'inside' ? 'inside' : 'anywhere' });
      contents.set(path, digest);
      return digest;
    },
    ...(mayLackFiles && { onAbsent: (node: string, written: string) => void absent.set(node, written) }),
  });
  const expected = new Map(expansion.nodes.flatMap(({ id, expects }) => (expects ? [[id, expects] as const] : [])));
  const folders = Object.fromEntries([...contents].map(([path, content]) => [content, path]));
  const kept = declared(spec, request);
  const hidesPlaces = String(kept.overrides?.set ?? '') !== String(request.set);
  const places = {
    ...{ spec: spec.file, folders },
    ...(ownKinds.size > 0 && { kinds }),
    ...(hidesPlaces && { set: request.set }),
  };
  return { plan: made, spec: kept, places, codes, ownKinds, contents, expected, absent };
};

const readRequest = ({ path, set }: SpecRequest, cwd: string): Spec => readSpec(path, { set, cwd });

const declared = ({ file, files }: Spec, { set }: SpecRequest): RunSpec =>
  keptSpec({ path: file, ...(set.length > 0 && { overrides: { set: [...set] } }), files });
