import type { Json, JsonObject } from '../core/errors.ts';
import { axisNames, type ChoiceFault, choosePoints, type Matrix, nodeId, type Point } from '../core/expand.ts';
import { suggest } from '../core/nearest.ts';
import type { Scalar } from '../core/references.ts';
import { type StageSchema, typedRef } from '../schemas/stage-schemas.ts';
import { atSeed, seedAxis } from './seed-axis.ts';
import type { StageReference } from './values.ts';

/** A stage that references can name; without a schema its kind is unknown, which was reported already. */
export interface Target {
  readonly schema: StageSchema | undefined;
  /** What it makes, the first one by default: what its kind always does, or what the stage itself declares. */
  readonly outputs: StageSchema['outputs'];
  readonly matrix: Matrix;
  /** Whether it is made once for each of the experiment's seeds, which are then its axis `seed`. */
  readonly repeated: boolean;
}

interface From {
  readonly targets: ReadonlyMap<string, Target>;
  /** The referring node's point. */
  readonly point: Point;
  readonly owner: string;
  /** Of the report: notes a list of all seeds, and what stands for it where no list is taken. */
  either?(list: Json, first: Json): void;
  say(message: string, remedy: string): void;
}

/**
 * What a reference to a stage means: one NodeRef, or with `*` a labelled list `[{matrix, artifact: NodeRef}, …]`.
 *
 * @returns undefined for a faulty reference, which was reported through `say`
 */
export const followStage = (reference: StageReference, from: From): Json | undefined => {
  const { stage, index, output } = reference;
  const target = from.targets.get(stage);
  if (target === undefined) {
    from.say(`there is no stage "${stage}"`, suggest(stage, from.targets.keys(), 'stages of this spec'));
    return undefined;
  }
  if (target.schema === undefined) return undefined;
  // A stage without outputs has faulty ones, which were reported at their place.
  const [usual] = Object.keys(target.outputs);
  if (usual === undefined) return undefined;
  const name = output ?? usual;
  const type = target.outputs[name];
  if (type === undefined) {
    const remedy = suggest(
      name,
      Object.keys(target.outputs),
      `outputs of ${target.schema.foreign ? stage : target.schema.kind}`,
    );
    from.say(`stages.${stage} has no output "${name}"`, remedy);
    return undefined;
  }
  /** The chosen nodes, each labelled by its point. @param seed of a repeated stage: chosen as if there were no other */
  const choose = (matrix: Matrix, seed?: Scalar): { nodes: Labelled[]; list: boolean } | undefined => {
    const chosen = choosePoints(matrix, index, from.point);
    if ('fault' in chosen) {
      // A matrix without points was reported at its place.
      if (matrix.points.length === 0) return undefined;
      const [message, remedy] = faultWords(chosen, stage, matrix, from);
      from.say(message, remedy);
      return undefined;
    }
    const nodes = chosen.points.map((point) => {
      const whole = seed === undefined ? point : { ...point, [seedAxis]: seed };
      return { matrix: point, artifact: { ...ref(nodeId(stage, whole), name) } };
    });
    for (const { artifact } of nodes) typedRef(artifact, type);
    return { nodes, list: chosen.list };
  };
  const follow = (matrix: Matrix, seed?: Scalar): Json | undefined => {
    const chosen = choose(matrix, seed);
    return chosen?.list ? chosen.nodes : chosen?.nodes[0]?.artifact;
  };
  const choosesSeed = index === 'all' || (index ?? []).some(({ axis }) => axis === seedAxis);
  const { matrix, repeated } = target;
  if (!repeated) return follow(matrix);
  const own = from.point[seedAxis];
  // Of a repeated node, all nodes are those of its seed.
  if (own !== undefined && (index === 'all' || !choosesSeed)) return follow(atSeed(matrix, own), own);
  if (choosesSeed) return follow(matrix);
  const bySeed = (matrix.axes[seedAxis] ?? []).map((seed) => ({ seed, chosen: choose(atSeed(matrix, seed), seed) }));
  const first = bySeed[0]?.chosen;
  if (first === undefined) return undefined;
  const list = bySeed.flatMap(({ seed, chosen }) =>
    (chosen?.nodes ?? []).map(({ matrix: point, artifact }) => ({ matrix: { ...point, [seedAxis]: seed }, artifact })),
  );
  if (!first.list) from.either?.(list, first.nodes[0]?.artifact as Json);
  return list;
};

/** A node that a reference means, with the point that a list labels it by. */
interface Labelled extends JsonObject {
  readonly matrix: Point;
  readonly artifact: JsonObject;
}

const ref = ($node: string, $output: string): { $node: string; $output: string } => ({ $node, $output });

const faultWords = (fault: ChoiceFault, stage: string, matrix: Matrix, from: From): [string, string] => {
  const { axes, points } = matrix;
  const whole = `stages.${stage}`;
  if (fault.fault === 'no-such-point') {
    const shown = points.slice(0, 3).map((point) => nodeId(stage, point));
    const others = points.length > 3 ? `, and ${points.length - 3} more` : '';
    return [`${nodeId(whole, fault.part)} is no node`, `its nodes: ${shown.join(', ')}${others}`];
  }
  const { axis } = fault;
  const values = (axes[axis] ?? []).join(', ');
  const mine = axis in from.point;
  switch (fault.fault) {
    case 'unknown-axis':
      return axisNames(axes).length === 0
        ? [`${whole} has no matrix, so nothing can be chosen by [${axis}]`, `write \${{ ${whole} }}`]
        : [`${whole} has no matrix axis "${axis}"`, suggest(axis, axisNames(axes), `axes of ${whole}`)];
    case 'axis-unchosen':
      return [
        `${whole} is a matrix over ${axisNames(axes).join(', ')}: the reference does not say which ${axis}`,
        `write ${mine ? `[${axis}] for the same ${axis}, ` : ''}[${axis}=${axes[axis]?.[0]}] for one, or [*] for all`,
      ];
    case 'not-mine':
      return [
        `${from.owner} has no matrix axis "${axis}", so [${axis}] means nothing here`,
        `write [${axis}=<value>] (${values}) or [*], or add matrix: {${axis}: […]} to ${from.owner}`,
      ];
    case 'no-such-value':
      return [`${whole} has no ${axis}=${fault.value}`, `its values of ${axis}: ${values}`];
  }
};
