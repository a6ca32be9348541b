import type { Json } from '../core/errors.ts';
import { axisNames, type ChoiceFault, choosePoints, type Matrix, nodeId, type Point } from '../core/expand.ts';
import { suggest } from '../core/nearest.ts';
import { type StageSchema, typedRef } from '../schemas/stage-schemas.ts';
import type { StageReference } from './values.ts';

/** A stage that references can name; without a schema its kind is unknown, which was reported already. */
export interface Target {
  readonly schema: StageSchema | undefined;
  readonly matrix: Matrix;
}

interface From {
  readonly targets: ReadonlyMap<string, Target>;
  /** The referring node's point. */
  readonly point: Point;
  readonly owner: string;
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
  const name = output ?? target.schema.defaultOutput;
  const type = target.schema.outputs[name];
  if (type === undefined) {
    const remedy = suggest(name, Object.keys(target.schema.outputs), `outputs of ${target.schema.kind}`);
    from.say(`stages.${stage} has no output "${name}"`, remedy);
    return undefined;
  }
  const chosen = choosePoints(target.matrix, index, from.point);
  if ('fault' in chosen) {
    // A matrix without points was reported at its place.
    if (target.matrix.points.length === 0) return undefined;
    const [message, remedy] = faultWords(chosen, stage, target.matrix, from);
    from.say(message, remedy);
    return undefined;
  }
  const nodes = chosen.points.map((point) => ({
    matrix: point,
    artifact: { ...ref(nodeId(stage, point), name) },
  }));
  for (const { artifact } of nodes) typedRef(artifact, type);
  return chosen.list ? nodes : nodes[0]?.artifact;
};

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
