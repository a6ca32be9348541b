import { CemiflowError } from '../core/errors.ts';
import { type EstimateStage, FactUnknown, type Known, type OutputEstimate, type Value } from '../core/estimate.ts';
import { isNodeRef, type PlanNode } from '../core/plan.ts';
import type { Expected } from './expects.ts';

/** What a node costs and makes, as far as it can be said. */
export interface NodeEstimate {
  /** Multiplications, each with an addition; absent where they are not known. 0 for a kind that nothing estimates. */
  readonly work?: number;
  /** Of all its outputs; absent where they are not known. */
  readonly bytes?: number;
  /** What is not known and would be needed, `images of faces`, each once. */
  readonly missing: readonly string[];
}

/** Numbers of an artifact, by name. */
export type KnownFacts = { readonly [fact: string]: number };

/** What is known before anything is estimated. */
export interface Given {
  readonly kinds: ReadonlyMap<string, EstimateStage<object> | undefined>;
  /** What the spec expects of nodes, by id. */
  readonly expected: ReadonlyMap<string, Expected>;
  /** What outputs that are in the store hold, `bytes` among it, by node and name. */
  readonly stored: ReadonlyMap<string, { readonly [output: string]: KnownFacts }>;
}

interface Output {
  readonly facts: KnownFacts;
  readonly network?: object;
}

/**
 * Estimates nodes from the first to the last: what one makes is known of the inputs of the next.
 *
 * @param nodes in a topological order
 */
export const estimateNodes = (nodes: readonly PlanNode[], given: Given): ReadonlyMap<string, NodeEstimate> =>
  walk(nodes, given).found;

/** What is known of the inputs of each node. @param nodes in a topological order */
export const knownInputs = (nodes: readonly PlanNode[], given: Given): ReadonlyMap<string, Known> => {
  const { outputs } = walk(nodes, given);
  return new Map(nodes.map((node) => [node.id, knownOf(node, given.expected.get(node.id) ?? {}, outputs)]));
};

const walk = (nodes: readonly PlanNode[], given: Given) => {
  const outputs = new Map<string, ReadonlyMap<string, Output>>();
  const found = new Map<string, NodeEstimate>();
  for (const node of nodes) {
    const { estimate, made } = estimateNode(node, given, outputs);
    outputs.set(node.id, made);
    found.set(node.id, estimate);
  }
  return { outputs, found };
};

const estimateNode = (
  node: PlanNode,
  { kinds, expected, stored }: Given,
  outputs: ReadonlyMap<string, ReadonlyMap<string, Output>>,
): { readonly estimate: NodeEstimate; readonly made: ReadonlyMap<string, Output> } => {
  const missing = new Set<string>();
  const wanted = expected.get(node.id) ?? {};
  /** Undefined where a fact is missing; it is noted where somebody would have to say it. */
  const tried = <T>(compute: () => T, note = false): T | undefined => {
    try {
      return atNode(node, compute);
    } catch (error) {
      if (!(error instanceof FactUnknown)) throw error;
      if (note) missing.add(error.message);
      return undefined;
    }
  };
  const estimated = atNode(node, () => kinds.get(node.kind)?.(node.params, knownOf(node, wanted, outputs)));
  const made = new Map<string, Output>();
  let bytes: number | undefined = 0;
  for (const [i, name] of Object.keys(node.outputs).entries()) {
    const output: OutputEstimate = estimated?.outputs[name] ?? {};
    const known = stored.get(node.id)?.[name] ?? {};
    const { bytes: expectedBytes, ...expectedFacts } = i === 0 ? wanted : {};
    const facts = Object.entries(output.facts ?? {}).flatMap(([fact, value]) => {
      const number = tried(() => numberOf(value));
      return number === undefined ? [] : [[fact, number] as const];
    });
    const network = output.network && tried(output.network);
    made.set(name, {
      facts: { ...expectedFacts, ...Object.fromEntries(facts), ...known },
      ...(network && { network }),
    });
    const size = known.bytes ?? expectedBytes ?? tried(() => numberOf(output.bytes ?? 0), true);
    bytes = size === undefined || bytes === undefined ? undefined : bytes + size;
  }
  const work = tried(() => numberOf(estimated?.work ?? 0), true);
  return {
    estimate: { missing: [...missing], ...(work !== undefined && { work }), ...(bytes !== undefined && { bytes }) },
    made,
  };
};

/** Says of which node an error is, such as one of a network that cannot be built. */
const atNode = <T>({ id }: PlanNode, compute: () => T): T => {
  try {
    return compute();
  } catch (error) {
    if (!(error instanceof CemiflowError)) throw error;
    const { code, message, remedy, data } = error;
    throw new CemiflowError(code, `${id}: ${message}`, { remedy, data: { ...data, node: id }, cause: error });
  }
};

const numberOf = (value: Value): number => (typeof value === 'number' ? value : value());

const knownOf = (
  node: PlanNode,
  wanted: Expected,
  outputs: ReadonlyMap<string, ReadonlyMap<string, Output>>,
): Known => {
  const outputOf = (input: unknown, fact: string): { readonly at: string; readonly output: Output | undefined } => {
    if (!isNodeRef(input)) throw new Error(`${node.kind} asks for ${fact} of something that is no input`);
    return { at: input.$node, output: outputs.get(input.$node)?.get(input.$output) };
  };
  return {
    fact: (input, name) => {
      const { at, output } = outputOf(input, name);
      const value = output?.facts[name];
      if (value === undefined) throw new FactUnknown(name, at);
      return value;
    },
    network: <T>(input: unknown): T => {
      const { at, output } = outputOf(input, 'the network');
      if (output?.network === undefined) throw new FactUnknown('the network', at);
      return output.network as T;
    },
    expected: (name) => {
      const value = (wanted as KnownFacts)[name];
      if (value === undefined) throw new FactUnknown(name, node.id);
      return value;
    },
  };
};
