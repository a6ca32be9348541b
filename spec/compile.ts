import { resolve } from 'node:path';
import { findCycle, topologicalOrder } from '../core/dag.ts';
import type { Digest } from '../core/digest.ts';
import { CemiflowError, type Json, type JsonObject } from '../core/errors.ts';
import { type Axes, matrixPoints, nodeId, type Point, pointCount } from '../core/expand.ts';
import { dependenciesOf, type Plan, type PlanNode } from '../core/plan.ts';
import type { Scalar } from '../core/references.ts';
import { explainErrors } from '../schemas/explain.ts';
import { suggest } from '../schemas/nearest.ts';
import type { StageSchema, StageSchemas } from '../schemas/stage-schemas.ts';
import { checkAxisLabels } from './axis-labels.ts';
import type { Place } from './problems.ts';
import type { Spec } from './spec.ts';
import { followStage, type Target } from './stage-references.ts';
import type { StageDeclaration } from './structure.ts';
import { evaluate, ParamTable, type Scope } from './values.ts';
import { describe, type Located, type LocatedMap } from './yaml.ts';

/** A node whose code and content are not known yet: enough to say that a spec is right. */
export interface ExpandedNode extends Omit<PlanNode, 'code'> {
  /** Files that the node reads from outside the store; their digest is part of its key. */
  readonly content?: { readonly path: string; readonly at: Place };
}

export interface Expansion {
  readonly experiment: string;
  /** In a topological order: by level, then by stage name and matrix point. */
  readonly nodes: readonly ExpandedNode[];
}

/** What planning needs to know of the world outside the spec. */
export interface PlanInputs {
  readonly schemas: StageSchemas;
  /** Code digest of each kind that the spec uses. */
  readonly codes: ReadonlyMap<string, { readonly digest: Digest }>;
  /** Digest of the files under an absolute path. */
  resolveContent(path: string): Promise<Digest>;
}

const maxPointsPerStage = 1000;
const maxNodes = 2000;

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
    return {
      ...node,
      code,
      params: content ? { ...node.params, content: contents.get(content.path) as Digest } : node.params,
    };
  });
  return { experiment: expansion.experiment, nodes };
};

/** Pure expansion, no code digests. The order of keys in the spec changes nothing. @throws SpecError */
export const expandSpec = (spec: Spec, schemas: StageSchemas): Expansion => new Expander(spec, schemas).expand();

class Expander {
  private readonly failed = new Set<Located>();
  private readonly params: ParamTable;
  private readonly targets = new Map<string, Target>();
  private readonly edges = new Map<string, Map<string, Place>>();

  constructor(
    private readonly spec: Spec,
    private readonly schemas: StageSchemas,
  ) {
    this.params = new ParamTable(spec.params, this.failed);
  }

  expand(): Expansion {
    const { spec } = this;
    const stages = [...spec.stages].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    for (const name of this.params.names) this.params.check(name, spec.problems);
    for (const stage of stages)
      this.targets.set(stage.name, { schema: this.schemaOf(stage), axes: this.axesOf(stage) });
    const seed = spec.seed ? this.seedOf(spec.seed, 'seed', this.scope('seed')) : undefined;
    if (spec.seed === undefined) {
      const at = { source: spec.params.source, start: 0, end: 1 };
      spec.problems.add(at, 'the experiment has no seed', 'add seed: 7, or any other integer of at least 0');
    }
    const total = stages.reduce((sum, stage) => sum + pointCount(this.targets.get(stage.name)?.axes ?? {}), 0);
    if (total > maxNodes) {
      const at = stages[0]?.at ?? spec.params;
      spec.problems.add(
        at,
        `the experiment expands to ${total} nodes, at most ${maxNodes} can run`,
        'shorten a matrix',
      );
      spec.problems.throwIfAny();
    }
    const nodes = stages.flatMap((stage) => this.nodesOf(stage, seed ?? 0));
    this.checkCycles(stages);
    this.checkOverrides();
    spec.problems.throwIfAny();
    const byId = new Map(nodes.map((node) => [node.id, node]));
    const vertices = nodes.map((node) => ({ id: node.id, needs: dependenciesOf(node as ExpandedNode & PlanNode) }));
    return {
      experiment: spec.experiment,
      nodes: topologicalOrder(vertices).map((id) => byId.get(id) as ExpandedNode),
    };
  }

  private scope(owner: string, point?: Point): Scope {
    const { params, failed } = this;
    return { problems: this.spec.problems, params, owner, failed, ...(point ? { point } : {}) };
  }

  private schemaOf(stage: StageDeclaration): StageSchema | undefined {
    const schema = this.schemas.get(stage.uses);
    if (schema === undefined) {
      const remedy = suggest(stage.uses, this.schemas.keys(), 'stage kinds');
      this.spec.problems.add(stage.usesAt, `there is no stage kind "${stage.uses}"`, remedy);
    }
    return schema;
  }

  private axesOf(stage: StageDeclaration): Axes {
    const { problems } = this.spec;
    const axes: { [axis: string]: Scalar[] } = {};
    for (const [axis, { key, value }] of stage.matrix?.entries ?? []) {
      const path = `stages.${stage.name}.matrix.${axis}`;
      const values = evaluate(value, this.scope(`stages.${stage.name}.matrix`));
      // Stays empty where the axis is wrong: then nothing is said of references that choose by it.
      axes[axis] = [];
      if (this.failed.has(value)) continue;
      if (!/^[A-Za-z_][\w-]*$/.test(axis))
        problems.add(key, `"${axis}" cannot name an axis`, 'use letters, digits, - and _');
      else if (!Array.isArray(values)) {
        problems.add(
          value,
          `${path} must be a list of values, got ${describe(this.params.originOf(value))}`,
          'write [0, 0.5]',
        );
      } else if (values.length === 0)
        problems.add(value, `${path} has no values`, 'give at least one, or take the matrix out');
      else axes[axis] = this.axisValues(path, values, this.params.originOf(value));
    }
    if (pointCount(axes) > maxPointsPerStage) {
      const message = `stages.${stage.name} expands to ${pointCount(axes)} nodes, at most ${maxPointsPerStage} are allowed`;
      problems.add(stage.at, message, 'shorten an axis');
      return {};
    }
    return axes;
  }

  private axisValues(path: string, values: readonly Json[], origin: Located): Scalar[] {
    const seen = new Set<string>();
    return values.flatMap((value, i) => {
      const at = (origin.kind === 'list' ? origin.items[i] : undefined) ?? origin;
      if (this.failed.has(at)) return [];
      const fits = typeof value === 'number' || typeof value === 'boolean' || /^[\w.+-]{1,40}$/.test(String(value));
      if (value === null || typeof value === 'object' || !fits) {
        const remedy = 'use numbers, true, false, or words of letters, digits, and . _ + - (they name nodes)';
        this.spec.problems.add(at, `${path} holds a value that cannot name a node`, remedy);
        return [];
      }
      if (seen.has(String(value))) this.spec.problems.add(at, `${path} holds ${value} twice`, 'keep one of the two');
      seen.add(String(value));
      return [value];
    });
  }

  private seedOf(node: Located, path: string, scope: Scope): number | undefined {
    const value = evaluate(node, scope);
    if (this.failed.has(node) || this.spec.problems.has(node)) return undefined;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    const origin = this.params.originOf(node);
    this.spec.problems.add(
      origin,
      `${path} must be an integer of at least 0, got ${describe(origin)}`,
      'write seed: 7',
    );
    return undefined;
  }

  private nodesOf(stage: StageDeclaration, seed: number): ExpandedNode[] {
    const target = this.targets.get(stage.name);
    return matrixPoints(target?.axes ?? {}).flatMap((point) => {
      const owner = stage.withPath === 'report' ? 'report' : `stages.${stage.name}`;
      const own: Scope = {
        ...this.scope(owner, point),
        stage: (reference, place) => {
          this.noteEdge(stage.name, reference.stage, place);
          return followStage(reference, {
            targets: this.targets,
            point,
            owner,
            say: (m, r) => this.spec.problems.add(place, m, r),
          });
        },
      };
      const params = stage.with ? (evaluate(stage.with, own) as JsonObject) : {};
      const ownSeed = stage.seed ? this.seedOf(stage.seed, `${owner}.seed`, this.scope(owner, point)) : undefined;
      if (target?.schema === undefined) return [];
      this.validate(stage, target.schema, params, point);
      checkAxisLabels(stage, { matrix: point, params, seed: ownSeed ?? seed }, this.spec.problems);
      return [this.toNode(stage, target.schema, params, point, ownSeed ?? seed)];
    });
  }

  private toNode(
    stage: StageDeclaration,
    schema: StageSchema,
    params: JsonObject,
    point: Point,
    seed: number,
  ): ExpandedNode {
    const node: ExpandedNode = {
      id: nodeId(stage.name, point),
      stage: stage.name,
      kind: schema.kind,
      matrix: point,
      params,
      seed,
      resource: schema.resource,
      sharded: schema.sharded,
      outputs: schema.outputs,
    };
    const written = stage.with?.entries.get(schema.contentOf ?? '')?.value;
    const value = params[schema.contentOf ?? ''];
    if (schema.contentOf === undefined || typeof value !== 'string') return node;
    const at = written ? this.params.originOf(written) : stage.at;
    const path = resolve(at.source.folder, value);
    return { ...node, params: { ...params, [schema.contentOf]: path }, content: { path, at } };
  }

  /** Checks params by the kind's schema and fills defaults in. */
  private validate(stage: StageDeclaration, schema: StageSchema, params: JsonObject, point: Point): void {
    const { problems } = this.spec;
    const hidden = schema.contentOf ? stage.with?.entries.get('content') : undefined;
    if (hidden) problems.add(hidden.key, '"content" is filled in by cemiflow', `give ${schema.contentOf} alone`);
    if (schema.validate(params)) return;
    const explanations = explainErrors(schema.validate.errors ?? [], schema, stage.withPath, (types) =>
      this.givers(types, point),
    );
    for (const { path, key, message, remedy } of explanations) {
      const written = stage.with ? this.locate(stage.with, path) : undefined;
      // Nothing follows from a value that was faulty in itself.
      if (written && (this.failed.has(written) || problems.has(written))) continue;
      const origin = written && this.params.originOf(written);
      const keyPlace = key !== undefined && origin?.kind === 'map' ? origin.entries.get(key)?.key : undefined;
      // Missing keys are shown at the stage's name: its whole block would be underlined otherwise.
      const place = keyPlace ?? (origin === undefined || origin === stage.with ? stage.at : origin);
      problems.add(place, message, remedy);
    }
  }

  /** The value that a path of Ajv's leads to, through references to params. */
  private locate(from: LocatedMap, path: readonly string[]): Located {
    let at: Located = from;
    for (const key of path) {
      if (this.failed.has(at)) return at;
      const origin = this.params.originOf(at);
      const next: Located | undefined =
        origin.kind === 'map'
          ? origin.entries.get(key)?.value
          : origin.kind === 'list'
            ? origin.items[Number(key)]
            : undefined;
      if (next === undefined) return at;
      at = next;
    }
    return at;
  }

  /** How to name each stage that gives one of the types, as a node at this point would. */
  private givers(types: readonly string[], point: Point): string[] {
    return [...this.targets].flatMap(([name, { schema, axes }]) => {
      const index = Object.keys(axes).map((axis) => (axis in point ? axis : `${axis}=${axes[axis]?.[0]}`));
      const base = index.length > 0 ? `${name}[${index.join(', ')}]` : name;
      return Object.entries(schema?.outputs ?? {})
        .filter(([, type]) => types.includes(type))
        .map(([output]) => (output === schema?.defaultOutput ? base : `${base}.${output}`));
    });
  }

  private noteEdge(from: string, to: string, place: Place): void {
    const targets = this.edges.get(from) ?? new Map<string, Place>();
    if (!targets.has(to)) targets.set(to, place);
    this.edges.set(from, targets);
  }

  private checkCycles(stages: readonly StageDeclaration[]): void {
    const cycle = findCycle(stages.map(({ name }) => ({ id: name, needs: [...(this.edges.get(name)?.keys() ?? [])] })));
    if (cycle === undefined) return;
    const place = this.edges.get(cycle[0] ?? '')?.get(cycle[1] ?? '');
    if (place)
      this.spec.problems.add(
        place,
        `the stages need each other: ${cycle.join(' → ')}`,
        'take one of these references out',
      );
  }

  private checkOverrides(): void {
    for (const { path, place } of this.spec.overrides) {
      const [root, name] = path;
      if (root !== 'params' || name === undefined || this.params.used.has(name) || !this.params.names.includes(name))
        continue;
      this.spec.problems.add(
        place,
        `this changes nothing: no value of the spec uses params.${name}`,
        'set what is used, or leave it out',
      );
    }
  }
}

const noCode = (kind: string): CemiflowError =>
  new CemiflowError('CodeUnknown', `there is no code digest of ${kind}`, {
    remedy: `add the folder of ${kind}, with its stage.ts`,
    data: { kind },
  });
