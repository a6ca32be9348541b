import { withPrefix } from '../gradients.ts';
import { type Tensors, tf } from '../tf.ts';
import { GraphBuilder } from './graph.ts';
import { record, type TracedTensor } from './recorder.ts';
import { dtypeNumber, Session, scalarOf } from './session.ts';

/**
 * A training step as a pure function: reads no values, draws no numbers in JavaScript, and has no shape that depends
 * on values. What varies from step to step (images, seeds, learning rate) comes in with the batch.
 */
export type StepFunction = (state: Tensors, batch: Tensors) => { state: Tensors; metrics: Tensors };

/** A step with its state inside. Eager and compiled steps are the same function, and give the same numbers. */
export interface Step {
  /** @param batch tensors of the shapes of the example; the caller keeps them @returns the scalar metrics */
  run(batch: Tensors): Record<string, number>;
  /** A copy of the state; the caller disposes it. */
  readState(): Tensors;
  dispose(): void;
}

/** An inference function with its weights inside. */
export interface CompiledFunction {
  /** @returns tensors that the caller disposes */
  run(inputs: Tensors): Tensors;
  dispose(): void;
}

/**
 * Turns a pure step into one session call: the recorder writes down what it would do, and the record becomes a graph in
 * which the state lives as TensorFlow variables (on a GPU: in device memory) until `readState`.
 *
 * @param initial the state's tensors; the caller keeps them
 * @param example a batch of the shapes to come; its values do not matter
 * @param options.compiled `false` runs the function eagerly (tests compare the two)
 */
export const compileStep = (
  step: StepFunction,
  initial: Tensors,
  example: Tensors,
  options: { compiled: boolean } = { compiled: true },
): Step => (options.compiled ? new CompiledStep(step, initial, example) : new EagerStep(step, initial));

class EagerStep implements Step {
  private readonly step: StepFunction;
  private state: Tensors;

  constructor(step: StepFunction, initial: Tensors) {
    this.step = step;
    this.state = cloneAll(initial);
  }

  run(batch: Tensors): Record<string, number> {
    const { state, metrics } = tf.tidy(() => {
      const result = this.step(this.state, batch);
      // A tensor that passes through unchanged must not be disposed with the old state.
      return { state: cloneAll({ ...this.state, ...result.state }), metrics: result.metrics };
    });
    tf.dispose(this.state);
    this.state = state;
    const values = mapValues(metrics, scalarOf);
    tf.dispose(metrics);
    return values;
  }

  readState(): Tensors {
    return cloneAll(this.state);
  }

  dispose(): void {
    tf.dispose(this.state);
  }
}

class CompiledStep implements Step {
  private readonly session: Session;
  private readonly stateNames: string[];
  private readonly metricNames: string[];
  private readonly batchNames: string[];

  constructor(step: StepFunction, initial: Tensors, example: Tensors) {
    this.stateNames = Object.keys(initial);
    this.batchNames = Object.keys(example);
    const { graph, metricNames } = traceStep(step, initial, example);
    this.metricNames = metricNames;
    this.session = initialised(graph, Object.values(initial));
  }

  run(batch: Tensors): Record<string, number> {
    const feeds = Object.fromEntries(this.batchNames.map((name, i) => [`batch_${i}`, required(batch, name)]));
    const values = this.session.run(
      feeds,
      this.metricNames.map((_, i) => `metric_${i}`),
    );
    const metrics = Object.fromEntries(this.metricNames.map((name, i) => [name, scalarOf(values[i] as tf.Tensor)]));
    tf.dispose(values);
    return metrics;
  }

  readState(): Tensors {
    const values = this.session.run(
      {},
      this.stateNames.map((_, i) => `state_${i}`),
    );
    return Object.fromEntries(this.stateNames.map((name, i) => [name, values[i] as tf.Tensor]));
  }

  dispose(): void {
    this.session.dispose();
  }
}

const traceStep = (step: StepFunction, initial: Tensors, example: Tensors) => {
  const { trace, results } = record([...openEnds(initial, 'state'), ...openEnds(example, 'batch')], (inputs) =>
    step(withPrefix(inputs, 'state'), withPrefix(inputs, 'batch')),
  );
  const states = Object.keys(initial);
  const graph = new GraphBuilder();
  const ends = new Map<string, string>();
  const variables = addVariables(graph, trace.inputs.slice(0, states.length), 'state', ends);
  addPlaceholders(graph, trace.inputs.slice(states.length), 'batch', ends);
  const named = graph.addTrace(trace, ends);
  const assigned = results.state.flatMap(({ name, source }) => {
    const i = states.indexOf(name);
    const variable = variables[i];
    if (!variable) throw new Error(`the step returned state '${name}', which its initial state lacks`);
    // What passes through unchanged stays where it is.
    if (source[0] === i) return [];
    // The old value must have been read by everyone before the new one takes its place.
    return [graph.assign(`assign_${i}`, variable.handle, named(source), variable.dtype, [variable.read])];
  });
  results.metrics.forEach(({ source, dtype }, i) => {
    graph.identity(`metric_${i}`, named(source), dtype, assigned);
  });
  return { graph, metricNames: results.metrics.map((metric) => metric.name) };
};

/** Traces an inference function; the weights become variables of its session. */
export const compileFunction = (
  fn: (weights: Tensors, inputs: Tensors) => Tensors,
  weights: Tensors,
  example: Tensors,
  options: { compiled: boolean } = { compiled: true },
): CompiledFunction => {
  if (!options.compiled) {
    const kept = cloneAll(weights);
    return { run: (inputs) => tf.tidy(() => fn(kept, inputs)), dispose: () => tf.dispose(kept) };
  }
  const inputNames = Object.keys(example);
  const { graph, outputNames } = traceFunction(fn, weights, example);
  const session = initialised(graph, Object.values(weights));
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

const traceFunction = (fn: (weights: Tensors, inputs: Tensors) => Tensors, weights: Tensors, example: Tensors) => {
  const { trace, results } = record([...openEnds(weights, 'weight'), ...openEnds(example, 'input')], (inputs) => ({
    outputs: fn(withPrefix(inputs, 'weight'), withPrefix(inputs, 'input')),
  }));
  const count = Object.keys(weights).length;
  const graph = new GraphBuilder();
  const ends = new Map<string, string>();
  addVariables(graph, trace.inputs.slice(0, count), 'weight', ends);
  addPlaceholders(graph, trace.inputs.slice(count), 'input', ends);
  const named = graph.addTrace(trace, ends);
  results.outputs.forEach(({ source, dtype }, i) => {
    graph.identity(`output_${i}`, named(source), dtype);
  });
  return { graph, outputNames: results.outputs.map((output) => output.name) };
};

/** Tensors as the inputs of a trace, under `prefix.name`. */
const openEnds = (tensors: Tensors, prefix: string) =>
  Object.entries(tensors).map(([name, { shape, dtype }]) => ({
    name: `${prefix}.${name}`,
    shape,
    dtype: dtypeNumber(dtype),
  }));

/** Variables that `initialised` assigns from the placeholders `initial_…`, read as `{as}_…`. */
const addVariables = (graph: GraphBuilder, inputs: readonly TracedTensor[], as: string, ends: Map<string, string>) => {
  const variables = inputs.map(({ name, shape, dtype }, i) => {
    const handle = graph.variable(`variable_${i}`, shape, dtype);
    const read = graph.read(`${as}_${i}`, handle, dtype);
    ends.set(name, read);
    return { handle, read, dtype, shape };
  });
  const assigned = variables.map(({ handle, dtype, shape }, i) =>
    graph.assign(`initialise_${i}`, handle, graph.placeholder(`initial_${i}`, shape, dtype), dtype),
  );
  const one = graph.constant('one', [], dtypeNumber('float32'), [1]);
  graph.identity('initialised', one, dtypeNumber('float32'), assigned);
  return variables;
};

const addPlaceholders = (
  graph: GraphBuilder,
  inputs: readonly TracedTensor[],
  as: string,
  ends: Map<string, string>,
): void => {
  inputs.forEach(({ name, shape, dtype }, i) => {
    ends.set(name, graph.placeholder(`${as}_${i}`, shape, dtype));
  });
};

/** A session whose variables hold these values, in order. */
const initialised = (graph: GraphBuilder, values: readonly tf.Tensor[]): Session => {
  const session = new Session(graph);
  try {
    tf.dispose(session.run(Object.fromEntries(values.map((tensor, i) => [`initial_${i}`, tensor])), ['initialised']));
    return session;
  } catch (error) {
    session.dispose();
    throw error;
  }
};

const required = (tensors: Tensors, name: string): tf.Tensor => {
  const tensor = tensors[name];
  if (!tensor) throw new Error(`the batch lacks '${name}'`);
  return tensor;
};

const cloneAll = (tensors: Tensors): Tensors => mapValues(tensors, (tensor) => tensor.clone());

const mapValues = <A, B>(record: Record<string, A>, map: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
