import { basename, isAbsolute, resolve } from 'node:path';
import { isAddress } from '../core/address.ts';
import { findCycle, topologicalOrder, withNeeds } from '../core/dag.ts';
import type { Json, JsonObject } from '../core/errors.ts';
import { nodeId, type Point } from '../core/expand.ts';
import { suggest } from '../core/nearest.ts';
import { dependenciesOf, type NodePlace, type PlanNode } from '../core/plan.ts';
import { plural } from '../core/words.ts';
import type { StageSchema, StageSchemas } from '../schemas/stage-schemas.ts';
import { checkAxisLabels } from './axis-labels.ts';
import { checkParams } from './check-params.ts';
import { declaredOutputs } from './declared-outputs.ts';
import { type Expanding, scopeOf } from './expanding.ts';
import { type Expected, expectedOf } from './expects.ts';
import { matrixOfStage } from './matrix.ts';
import { type OwnKind, ownKindsOf } from './own-kinds.ts';
import type { Place } from './problems.ts';
import { seedAxis } from './seed-axis.ts';
import { repeatedStages, seedsOf, settleSeeds, withSeeds } from './seeds.ts';
import type { Spec } from './spec.ts';
import { followStage } from './stage-references.ts';
import type { StageDeclaration } from './structure.ts';
import { evaluate, ParamTable, type Scope } from './values.ts';
import { describe, type Located } from './yaml.ts';

/** A node without code and content digests: enough to validate a spec. */
export interface ExpandedNode extends Omit<PlanNode, 'code'> {
  /** A folder that the node reads from outside the store; its digest is part of the node's key. */
  readonly content?: NodePlace & { readonly param: string; readonly isCode: boolean; readonly at: Place };
  /** What the spec expects its first output to hold; in no plan. */
  readonly expects?: Expected;
}

export interface Expansion {
  readonly experiment: string;
  /** Those that are made, in a topological order: by level, then by stage name and matrix point. */
  readonly nodes: readonly ExpandedNode[];
  /** The kinds of a user's own that it uses. */
  readonly ownKinds: readonly OwnKind[];
}

const maxNodes = 2000;

/** Expands matrices and references into nodes. Reads no code and no data; the order of keys in the spec does not matter. @throws SpecError */
export const expandSpec = (spec: Spec, schemas: StageSchemas): Expansion => new Expander(spec, schemas).expand();

class Expander {
  readonly #at: Expanding;
  readonly #edges = new Map<string, Map<string, Place>>();
  readonly #ownKinds: readonly OwnKind[];

  constructor(spec: Spec, schemas: StageSchemas) {
    const failed = new Set<Located>();
    this.#ownKinds = ownKindsOf(spec);
    this.#at = {
      spec,
      schemas: new Map([...schemas, ...this.#ownKinds.map(({ kind, schema }) => [kind, schema] as const)]),
      params: new ParamTable(spec.params, failed),
      failed,
      targets: new Map(),
      firsts: new Map(),
    };
  }

  expand(): Expansion {
    const { spec, params, targets } = this.#at;
    const stages = [...spec.stages].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    for (const name of params.names) params.check(name, spec.problems);
    for (const stage of stages) {
      const schema = this.#schemaOf(stage);
      const outputs = schema?.foreign ? declaredOutputs(this.#at, stage) : (schema?.outputs ?? {});
      targets.set(stage.name, { schema, outputs, matrix: matrixOfStage(this.#at, stage), repeated: false });
    }
    const seeds = seedsOf(this.#at, spec.seeds);
    if (seeds.length > 0) this.#repeat(stages, seeds);
    const seed = spec.seed ? this.#seedOf(spec.seed, 'seed', scopeOf(this.#at, 'seed')) : seeds[0];
    if (spec.seed === undefined && spec.seeds === undefined) {
      const at = { source: spec.params.source, start: 0, end: 1 };
      spec.problems.add(at, 'the experiment has no seed', 'add seed: 7, or any other integer of at least 0');
    }
    const total = [...targets.values()].reduce((sum, { matrix }) => sum + matrix.points.length, 0);
    if (total > maxNodes) {
      const at = stages[0]?.at ?? spec.params;
      spec.problems.add(
        at,
        `the experiment expands to ${plural(total, 'node')}, at most ${maxNodes} can run`,
        'shorten a matrix',
      );
      spec.problems.throwIfAny();
    }
    const nodes = stages.flatMap((stage) => this.#nodesOf(stage, seed ?? 0));
    this.#checkCycles(stages);
    this.#checkOverrides();
    spec.problems.throwIfAny();
    const byId = new Map(nodes.map((node) => [node.id, node]));
    const always = new Set(stages.filter(({ onDemand }) => !onDemand).map(({ name }) => name));
    const made = withNeeds(
      nodes.map((node) => ({ id: node.id, needs: dependenciesOf(node) })),
      nodes.filter(({ stage }) => always.has(stage)).map(({ id }) => id),
    );
    const first = stages[0];
    if (made.length === 0 && first)
      spec.problems.add(
        first.at,
        'nothing is asked for: every stage is made on demand',
        'write a report, or take onDemand out of a stage',
      );
    spec.problems.throwIfAny();
    return {
      experiment: spec.experiment,
      nodes: topologicalOrder(made).map((id) => byId.get(id) as ExpandedNode),
      ownKinds: this.#ownKinds,
    };
  }

  #repeat(stages: readonly StageDeclaration[], seeds: readonly number[]): void {
    const { targets } = this.#at;
    const repeated = repeatedStages(stages, (stage, axis) => targets.get(stage)?.matrix.axes[axis] ?? []);
    for (const stage of stages) {
      const target = targets.get(stage.name);
      if (!target || !repeated.has(stage.name)) continue;
      targets.set(stage.name, { ...target, matrix: withSeeds(this.#at, stage, target.matrix, seeds), repeated: true });
    }
  }

  #seedOf(node: Located, path: string, scope: Scope): number | undefined {
    const value = evaluate(node, scope);
    if (this.#at.failed.has(node) || this.#at.spec.problems.has(node)) return undefined;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    const origin = this.#at.params.originOf(node);
    this.#at.spec.problems.add(
      origin,
      `${path} must be an integer of at least 0, got ${describe(origin)}`,
      'write seed: 7',
    );
    return undefined;
  }

  #schemaOf(stage: StageDeclaration): StageSchema | undefined {
    const schema = this.#at.schemas.get(stage.uses);
    // What is wrong with a folder of a user's own was reported.
    if (schema === undefined && stage.folder === undefined) {
      const remedy = suggest(stage.uses, this.#at.schemas.keys(), 'stage kinds');
      this.#at.spec.problems.add(stage.usesAt, `there is no stage kind "${stage.uses}"`, remedy);
    }
    return schema;
  }

  #nodesOf(stage: StageDeclaration, seed: number): ExpandedNode[] {
    const target = this.#at.targets.get(stage.name);
    const expects = expectedOf(this.#at, stage);
    return (target?.matrix.points ?? []).flatMap((point) => {
      const owner = stage.withPath === 'report' ? 'report' : `stages.${stage.name}`;
      const own: Scope = {
        ...scopeOf(this.#at, owner, point),
        stage: (reference, place) => {
          this.#noteEdge(stage.name, reference.stage, place);
          return followStage(reference, {
            targets: this.#at.targets,
            point,
            owner,
            ...(owner === 'report' ? { either: (list: Json, first: Json) => this.#at.firsts.set(list, first) } : {}),
            say: (m, r) => this.#at.spec.problems.add(place, m, r),
          });
        },
      };
      const params = stage.with ? (evaluate(stage.with, own) as JsonObject) : {};
      const ownSeed = stage.seed
        ? this.#seedOf(stage.seed, `${owner}.seed`, scopeOf(this.#at, owner, point))
        : target?.repeated
          ? (point[seedAxis] as number)
          : undefined;
      if (target?.schema === undefined) return [];
      if (owner === 'report') settleSeeds(params, [target.schema.schema as JsonObject], this.#at.firsts);
      checkParams(this.#at, stage, target.schema, params, point);
      checkAxisLabels(stage, { matrix: point, params, seed: ownSeed ?? seed }, this.#at.spec.problems);
      const node = this.#toNode(stage, { ...target.schema, outputs: target.outputs }, params, point, ownSeed ?? seed);
      return [expects ? { ...node, expects } : node];
    });
  }

  #toNode(stage: StageDeclaration, schema: StageSchema, params: JsonObject, point: Point, seed: number): ExpandedNode {
    const node: ExpandedNode = {
      id: nodeId(stage.name, point),
      stage: stage.name,
      kind: schema.kind,
      matrix: point,
      params,
      seed,
      resource: schema.foreign && Number(params.gpus) > 0 ? 'tensor' : schema.resource,
      sharded: schema.sharded,
      outputs: schema.outputs,
    };
    const written = stage.with?.entries.get(schema.contentOf ?? '')?.value;
    const value = params[schema.contentOf ?? ''];
    if (schema.contentOf === undefined || typeof value !== 'string') return node;
    const at = written ? this.#at.params.originOf(written) : stage.at;
    const place = {
      path: isAddress(value) ? value : resolve(at.source.folder, value),
      written: isAbsolute(value) ? basename(value) : value,
    };
    return { ...node, content: { ...place, param: schema.contentOf, isCode: schema.contentIsCode, at } };
  }

  #noteEdge(from: string, to: string, place: Place): void {
    const targets = this.#edges.get(from) ?? new Map<string, Place>();
    if (!targets.has(to)) targets.set(to, place);
    this.#edges.set(from, targets);
  }

  #checkCycles(stages: readonly StageDeclaration[]): void {
    const cycle = findCycle(
      stages.map(({ name }) => ({ id: name, needs: [...(this.#edges.get(name)?.keys() ?? [])] })),
    );
    if (cycle === undefined) return;
    const place = this.#edges.get(cycle[0] ?? '')?.get(cycle[1] ?? '');
    if (place)
      this.#at.spec.problems.add(
        place,
        `the stages need each other: ${cycle.join(' → ')}`,
        'take one of these references out',
      );
  }

  #checkOverrides(): void {
    for (const { path, place } of this.#at.spec.overrides) {
      const [root, name] = path;
      if (
        root !== 'params' ||
        name === undefined ||
        this.#at.params.used.has(name) ||
        !this.#at.params.names.includes(name)
      )
        continue;
      this.#at.spec.problems.add(
        place,
        `this changes nothing: no value of the spec uses params.${name}`,
        'set what is used, or leave it out',
      );
    }
  }
}
