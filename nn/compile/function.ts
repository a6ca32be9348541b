import { withPrefix } from '../gradients.ts';
import { type Tensors, tf } from '../tf.ts';
import { GraphBuilder } from './graph.ts';
import { type CompileOptions, type Precision, recordIn } from './precision.ts';
import type { Trace } from './recorder.ts';
import { addPlaceholders, cloneAll, openEnds, required, Variables } from './variables.ts';

/** An inference function together with its weights. */
export interface CompiledFunction {
  /** @returns tensors that the caller disposes */
  run(inputs: Tensors): Tensors;
  dispose(): void;
}

/** Traces an inference function; the weights become variables of its session. */
export const compileFunction = (
  fn: (weights: Tensors, inputs: Tensors) => Tensors,
  weights: Tensors,
  example: Tensors,
  { compiled = true, precision = 'float32' }: CompileOptions = {},
): CompiledFunction => {
  if (!compiled) {
    const kept = cloneAll(weights);
    return { run: (inputs) => tf.tidy(() => fn(kept, inputs)), dispose: () => tf.dispose(kept) };
  }
  const inputNames = Object.keys(example);
  const { session, outputNames } = traceFunction(fn, weights, example, precision);
  return {
    run: (inputs) => {
      const values = session.run(
        Object.fromEntries(inputNames.map((name, i) => [`input_${i}`, required(inputs, name)])),
        outputNames.map((_, i) => `output_${i}`),
      );
      return Object.fromEntries(outputNames.map((name, i) => [name, values[i] as tf.Tensor]));
    },
    dispose: () => session.dispose(),
  };
};

/** What depends on weights alone is computed once; weights that nothing else reads are not kept. */
const traceFunction = (
  fn: (weights: Tensors, inputs: Tensors) => Tensors,
  weights: Tensors,
  example: Tensors,
  precision: Precision,
) => {
  const ends = { weights: openEnds(weights, 'weight'), inputs: openEnds(example, 'input') };
  const { trace, results } = recordIn(precision, [...ends.weights, ...ends.inputs], (inputs) => ({
    outputs: fn(withPrefix(inputs, 'weight'), withPrefix(inputs, 'input')),
  }));
  const graph = new GraphBuilder();
  const variables = new Variables(graph, ends.weights);
  const placeholders = addPlaceholders(graph, ends.inputs, 'input');
  const isWeight = (name: string): boolean => name.startsWith('weight.');
  const sources = results.outputs.map(({ source }) => source);
  const prepared = variables.addPrepared(trace, isWeight, sources, placeholders);
  const read = new Set(inputsRead(trace, prepared.wanted));
  const reads = ends.weights.flatMap((end, i): [string, string][] =>
    read.has(end.name)
      ? [[end.name, variables.add(`weight_${i}`, end, variables.initial.get(end.name) as string).read]]
      : [],
  );
  const named = graph.addTrace(trace, new Map([...reads, ...placeholders]), '', prepared);
  results.outputs.forEach(({ source, dtype }, i) => {
    graph.identity(`output_${i}`, named(source), dtype);
  });
  return {
    session: variables.session(Object.values(weights)),
    outputNames: results.outputs.map((output) => output.name),
  };
};

/** Names of the inputs that some of a trace's ops read. */
const inputsRead = ({ nodes }: Trace, wanted: (index: number) => boolean): string[] =>
  nodes.flatMap((node, index) =>
    node.type === 'op' && wanted(index)
      ? node.inputs.flatMap(([input]) => {
          const from = nodes[input];
          return from?.type === 'input' ? [from.name] : [];
        })
      : [],
  );
