import { withPrefix } from '../gradients.ts';
import { type Tensors, tf } from '../tf.ts';
import { GraphBuilder } from './graph.ts';
import { inPrecision, type Precision } from './precision.ts';
import { record, type Trace, type TracedTensor } from './recorder.ts';
import { dtypeNumber, Session, scalarOf } from './session.ts';

/**
 * A training step as a pure function: reads no values, draws no numbers in JavaScript, and has no shape that depends
 * on values. What varies from step to step (images, seeds, learning rate) comes in with the batch.
 */
export type StepFunction = (state: Tensors, batch: Tensors) => { state: Tensors; metrics: Tensors };

/** Several functions over one state: gradient sums and steps, or the steps of several networks. */
export type Programs = { readonly [name: string]: StepFunction };

/** A training step together with its state. Eager and compiled steps run the same function and give the same numbers. */
export interface Step {
  /**
   * @param batch tensors of the shapes of the example; the caller keeps them
   * @param program which of the programs; default `step`
   * @returns the scalar metrics
   */
  run(batch: Tensors, program?: string): Record<string, number>;
  readonly stateNames: readonly string[];
  /** A copy of the state; the caller disposes it. @param wanted which of it; default all */
  readState(wanted?: (name: string) => boolean): Tensors;
  dispose(): void;
}

/** An inference function together with its weights. */
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
 * @param step one function, or several over the same state and batches of the same shapes
 * @param example a batch of the shapes to come; its values do not matter
 */
export const compileStep = (
  step: StepFunction | Programs,
  initial: Tensors,
  example: Tensors,
  { compiled = true, precision = 'float32' }: CompileOptions = {},
): Step => {
  const programs = typeof step === 'function' ? { step } : step;
  return compiled ? new CompiledStep(programs, initial, example, precision) : new EagerStep(programs, initial);
};

/** How a step or function is compiled. */
export interface CompileOptions {
  /** `false` runs the function eagerly, in float32 (tests compare the two). */
  readonly compiled?: boolean;
  /** Default float32. */
  readonly precision?: Precision;
}

class EagerStep implements Step {
  readonly #programs: Programs;
  #state: Tensors;

  constructor(programs: Programs, initial: Tensors) {
    this.#programs = programs;
    this.#state = cloneAll(initial);
  }

  run(batch: Tensors, program = 'step'): Record<string, number> {
    const { state, metrics } = tf.tidy(() => {
      const result = programOf(this.#programs, program)(this.#state, batch);
      // A tensor that passes through unchanged must not be disposed with the old state.
      return { state: cloneAll({ ...this.#state, ...result.state }), metrics: result.metrics };
    });
    tf.dispose(this.#state);
    this.#state = state;
    const values = mapValues(metrics, scalarOf);
    tf.dispose(metrics);
    return values;
  }

  get stateNames(): readonly string[] {
    return Object.keys(this.#state);
  }

  readState(wanted = (_name: string) => true): Tensors {
    return cloneAll(Object.fromEntries(Object.entries(this.#state).filter(([name]) => wanted(name))));
  }

  dispose(): void {
    tf.dispose(this.#state);
  }
}

class CompiledStep implements Step {
  readonly #session: Session;
  readonly stateNames: readonly string[];
  readonly #metricNames: Record<string, string[]>;
  readonly #batchNames: string[];

  constructor(programs: Programs, initial: Tensors, example: Tensors, precision: Precision) {
    this.stateNames = Object.keys(initial);
    this.#batchNames = Object.keys(example);
    const graph = new GraphBuilder();
    const ends = { state: openEnds(initial, 'state'), batch: openEnds(example, 'batch') };
    const variables = addVariables(graph, ends.state, 'state');
    const placeholders = addPlaceholders(graph, ends.batch, 'batch');
    this.#metricNames = mapValues(programs, (step, name) => {
      const { trace, results } = recordIn(precision, [...ends.state, ...ends.batch], (inputs) =>
        step(withPrefix(inputs, 'state'), withPrefix(inputs, 'batch')),
      );
      return addProgram(graph, name, trace, results, variables, placeholders);
    });
    this.#session = initialised(graph, Object.values(initial));
  }

  run(batch: Tensors, program = 'step'): Record<string, number> {
    const feeds = Object.fromEntries(this.#batchNames.map((name, i) => [`batch_${i}`, required(batch, name)]));
    const names = programOf(this.#metricNames, program);
    const values = this.#session.run(
      feeds,
      names.map((_, i) => `${program}/metric_${i}`),
    );
    const metrics = Object.fromEntries(names.map((name, i) => [name, scalarOf(values[i] as tf.Tensor)]));
    tf.dispose(values);
    return metrics;
  }

  readState(wanted = (_name: string) => true): Tensors {
    const places = this.stateNames.flatMap((name, i) => (wanted(name) ? [{ name, node: `state_${i}` }] : []));
    const values = this.#session.run(
      {},
      places.map(({ node }) => node),
    );
    return Object.fromEntries(places.map(({ name }, i) => [name, values[i] as tf.Tensor]));
  }

  dispose(): void {
    this.#session.dispose();
  }
}

/** Adds what one program does; fetching its metrics runs it. @returns the metrics' names */
const addProgram = (
  graph: GraphBuilder,
  program: string,
  trace: Trace,
  results: { state: TracedTensor[]; metrics: TracedTensor[] },
  variables: ReadonlyMap<string, Variable>,
  placeholders: ReadonlyMap<string, string>,
): string[] => {
  const reads = [...variables].map(([name, { read }]): [string, string] => [name, read]);
  const named = graph.addTrace(trace, new Map([...reads, ...placeholders]), `${program}/`);
  const assigned = results.state.flatMap(({ name, source }, i) => {
    const variable = variables.get(`state.${name}`);
    if (!variable) throw new Error(`the step returned state '${name}', which its initial state lacks`);
    const value = named(source);
    // What passes through unchanged stays where it is.
    if (value === variable.read) return [];
    // The old value must have been read by everyone before the new one takes its place.
    return [graph.assign(`${program}/assign_${i}`, variable.handle, value, variable.dtype, [variable.read])];
  });
  results.metrics.forEach(({ source, dtype }, i) => {
    graph.identity(`${program}/metric_${i}`, named(source), dtype, assigned);
  });
  return results.metrics.map((metric) => metric.name);
};

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
  const { graph, outputNames } = traceFunction(fn, weights, example, precision);
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
  const reads = [...addVariables(graph, ends.weights, 'weight')].map(([name, { read }]): [string, string] => [
    name,
    read,
  ]);
  const named = graph.addTrace(trace, new Map([...reads, ...addPlaceholders(graph, ends.inputs, 'input')]));
  results.outputs.forEach(({ source, dtype }, i) => {
    graph.identity(`output_${i}`, named(source), dtype);
  });
  return { graph, outputNames: results.outputs.map((output) => output.name) };
};

/** A trace in a precision. Its results are float32 in any. */
const recordIn: <K extends string>(
  precision: Precision,
  ...given: Parameters<typeof record<K>>
) => ReturnType<typeof record<K>> = (precision, ...given) => {
  const recorded = record(...given);
  if (precision === 'float32') return recorded;
  const { trace, place } = inPrecision(recorded.trace, precision);
  const results = mapValues(recorded.results, (tensors: TracedTensor[]) =>
    tensors.map((each) => ({ ...each, source: place(each.source) })),
  );
  return { trace, results: results as typeof recorded.results };
};

/** A tensor that a trace takes from outside. */
type OpenEnd = Omit<TracedTensor, 'source'>;

/** Tensors as the inputs of a trace, under `prefix.name`. */
const openEnds = (tensors: Tensors, prefix: string): OpenEnd[] =>
  Object.entries(tensors).map(([name, { shape, dtype }]) => ({
    name: `${prefix}.${name}`,
    shape,
    dtype: dtypeNumber(dtype),
  }));

/** Names of a variable's nodes: its handle, and its value at the beginning of a run. */
interface Variable {
  readonly handle: string;
  readonly read: string;
  readonly dtype: number;
}

/** Variables that `initialised` assigns from the placeholders `initial_…`, read as `{as}_…`. */
const addVariables = (graph: GraphBuilder, ends: readonly OpenEnd[], as: string): Map<string, Variable> => {
  const assigned: string[] = [];
  const variables = ends.map(({ name, shape, dtype }, i): [string, Variable] => {
    const handle = graph.variable(`variable_${i}`, shape, dtype);
    const initial = graph.placeholder(`initial_${i}`, shape, dtype);
    assigned.push(graph.assign(`initialise_${i}`, handle, initial, dtype));
    return [name, { handle, read: graph.read(`${as}_${i}`, handle, dtype), dtype }];
  });
  const one = graph.constant('one', [], dtypeNumber('float32'), [1]);
  graph.identity('initialised', one, dtypeNumber('float32'), assigned);
  return new Map(variables);
};

/** @returns names of the placeholders `{as}_…` */
const addPlaceholders = (graph: GraphBuilder, ends: readonly OpenEnd[], as: string): Map<string, string> =>
  new Map(ends.map(({ name, shape, dtype }, i) => [name, graph.placeholder(`${as}_${i}`, shape, dtype)]));

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

const programOf = <T>(programs: { readonly [name: string]: T }, name: string): T => {
  const program = programs[name];
  if (program === undefined) throw new Error(`there is no program '${name}'`);
  return program;
};

const mapValues = <A, B>(record: { readonly [key: string]: A }, map: (value: A, key: string) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
