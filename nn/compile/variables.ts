import { type Tensors, tf } from '../tf.ts';
import type { GraphBuilder } from './graph.ts';
import { prepare } from './prepare.ts';
import type { Source, Trace, TracedTensor } from './recorder.ts';
import { dtypeNumber, Session } from './session.ts';
import type { Shaped } from './shapes.ts';

/** A tensor that a trace takes from outside. */
export type OpenEnd = Omit<TracedTensor, 'source'>;

/** Tensors as the inputs of a trace, under `prefix.name`. */
export const openEnds = (tensors: Tensors, prefix: string): OpenEnd[] =>
  Object.entries(tensors).map(([name, { shape, dtype }]) => ({
    name: `${prefix}.${name}`,
    shape,
    dtype: dtypeNumber(dtype),
  }));

/** Names of a variable's nodes: its handle, and its value at the beginning of a run. */
export interface Variable {
  readonly handle: string;
  readonly read: string;
  readonly dtype: number;
}

/** @returns names of the placeholders `{as}_…` */
export const addPlaceholders = (graph: GraphBuilder, ends: readonly OpenEnd[], as: string): Map<string, string> =>
  new Map(ends.map(({ name, shape, dtype }, i) => [name, graph.placeholder(`${as}_${i}`, shape, dtype)]));

/** The variables of a session, and what gives them their first values. */
export class Variables {
  readonly #graph: GraphBuilder;
  readonly #assigned: string[] = [];
  /** The placeholders of first values, by name. */
  readonly initial: ReadonlyMap<string, string>;

  constructor(graph: GraphBuilder, ends: readonly OpenEnd[]) {
    this.#graph = graph;
    this.initial = addPlaceholders(graph, ends, 'initial');
  }

  /** A variable that begins as `first`, read as the node `read`. */
  add(name: string, { shape, dtype }: Shaped, first: string, read = `${name}_read`): Variable {
    const handle = this.#graph.variable(name, shape, dtype);
    this.#assigned.push(this.#graph.assign(`${name}_first`, handle, first, dtype));
    return { handle, read: this.#graph.read(read, handle, dtype), dtype };
  }

  /**
   * Variables for what a trace makes of fixed inputs alone, computed when the session begins.
   *
   * @param placeholders of the inputs that are not fixed: nothing that is computed here reads them
   * @returns what `addTrace` needs to leave that work out
   */
  addPrepared(
    trace: Trace,
    isFixed: (name: string) => boolean,
    wanted: readonly Source[],
    placeholders: ReadonlyMap<string, string>,
    prefix = '',
  ): { given: Map<string, string>; wanted: (index: number) => boolean } {
    const { ops, results } = prepare(trace, isFixed, wanted);
    const named = this.#graph.addTrace(trace, new Map([...placeholders, ...this.initial]), `${prefix}prepare/`, {
      wanted: (index) => ops.has(index),
    });
    const given = results.map(({ source, ...like }, i): [string, string] => [
      String(source),
      this.add(`${prefix}prepared_${i}`, like, named(source)).read,
    ]);
    return { given: new Map(given), wanted: (index) => !ops.has(index) };
  }

  /** A session whose variables have their first values. @param values of `initial`, in order */
  session(values: readonly tf.Tensor[]): Session {
    const float = dtypeNumber('float32');
    this.#graph.identity('initialised', this.#graph.constant('one', [], float, [1]), float, this.#assigned);
    const session = new Session(this.#graph);
    try {
      tf.dispose(session.run(Object.fromEntries(values.map((tensor, i) => [`initial_${i}`, tensor])), ['initialised']));
      return session;
    } catch (error) {
      session.dispose();
      throw error;
    }
  }
}

export const required = (tensors: Tensors, name: string): tf.Tensor => {
  const tensor = tensors[name];
  if (!tensor) throw new Error(`the batch lacks '${name}'`);
  return tensor;
};

export const cloneAll = (tensors: Tensors): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.clone()]));
