import { withPrefix } from '../gradients.ts';
import { lossScaleState } from '../loss-scale.ts';
import { type Tensors, tf } from '../tf.ts';
import { GraphBuilder } from './graph.ts';
import { type CompileOptions, type Precision, recordIn } from './precision.ts';
import type { Trace, TracedTensor } from './recorder.ts';
import { type Session, scalarOf } from './session.ts';
import { addPlaceholders, cloneAll, openEnds, required, type Variable, Variables } from './variables.ts';

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

/**
 * Turns a pure step into one session call: the recorder writes down what it would do, and the record becomes a graph in
 * which the state lives as TensorFlow variables (on a GPU: in device memory) until `readState`.
 *
 * @param initial the state's tensors; the caller keeps them. In float16 the loss scale is added, unless it is among them
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
  if (!compiled) return new EagerStep(programs, initial);
  if (precision !== 'float16') return new CompiledStep(programs, initial, example, precision);
  const scale = lossScaleState();
  try {
    return new CompiledStep(programs, { ...scale, ...initial }, example, precision);
  } finally {
    tf.dispose(scale);
  }
};

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
    const variables = new Variables(graph, ends.state);
    const state = new Map(
      ends.state.map((end, i): [string, Variable] => {
        const first = variables.initial.get(end.name) as string;
        return [end.name, variables.add(`variable_${i}`, end, first, `state_${i}`)];
      }),
    );
    const placeholders = addPlaceholders(graph, ends.batch, 'batch');
    const recorded = mapValues(programs, (step) =>
      recordIn(precision, [...ends.state, ...ends.batch], (inputs) =>
        step(withPrefix(inputs, 'state'), withPrefix(inputs, 'batch')),
      ),
    );
    const changed = new Set(Object.values(recorded).flatMap(changedState));
    const isFixed = (name: string): boolean => state.has(name) && !changed.has(name);
    this.#metricNames = mapValues(recorded, ({ trace, results }, name) => {
      const sources = [...results.state, ...results.metrics].map(({ source }) => source);
      const prepared = variables.addPrepared(trace, isFixed, sources, placeholders, `${name}/`);
      return addProgram(graph, name, { trace, results, prepared }, state, placeholders);
    });
    this.#session = variables.session(Object.values(initial));
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

/** Names of the inputs that a program gives new values. */
const changedState = ({ trace, results }: { trace: Trace; results: { state: TracedTensor[] } }): string[] =>
  results.state
    .map(({ name, source }) => ({ name: `state.${name}`, node: trace.nodes[source[0]] }))
    .filter(({ name, node }) => !(node?.type === 'input' && node.name === name))
    .map(({ name }) => name);

/** Adds what one program does; fetching its metrics runs it. @returns the metrics' names */
const addProgram = (
  graph: GraphBuilder,
  program: string,
  {
    trace,
    results,
    prepared,
  }: {
    trace: Trace;
    results: { state: TracedTensor[]; metrics: TracedTensor[] };
    prepared: ReturnType<Variables['addPrepared']>;
  },
  variables: ReadonlyMap<string, Variable>,
  placeholders: ReadonlyMap<string, string>,
): string[] => {
  const reads = [...variables].map(([name, { read }]): [string, string] => [name, read]);
  const named = graph.addTrace(trace, new Map([...reads, ...placeholders]), `${program}/`, prepared);
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

const programOf = <T>(programs: { readonly [name: string]: T }, name: string): T => {
  const program = programs[name];
  if (program === undefined) throw new Error(`there is no program '${name}'`);
  return program;
};

const mapValues = <A, B>(record: { readonly [key: string]: A }, map: (value: A, key: string) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
