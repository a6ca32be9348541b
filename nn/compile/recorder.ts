import { annotation, type Rounding } from '../kernels/annotate.ts';
import { type Binding, backend, type NativeTensor, type OpAttribute } from '../kernels/backend.ts';
import { type Tensors, tf } from '../tf.ts';
import { type Abstract, inferOutputs, type Shaped } from './shapes.ts';

/** One op or constant, in order of use. Inputs are `[node index, output index]`. */
export type TraceNode =
  | {
      readonly type: 'op';
      readonly name: string;
      readonly attributes: OpAttribute[];
      readonly inputs: Source[];
      readonly outputs: readonly Shaped[];
      /** Of XLA; see `fused`. */
      readonly fuse?: string;
      /** What it waits for; see `after`. */
      readonly after?: Source;
      /** See `exact` and `activation`. */
      readonly rounding?: Rounding;
    }
  | { readonly type: 'constant'; readonly shape: number[]; readonly dtype: number; readonly values: ArrayLike<number> }
  | { readonly type: 'input'; readonly name: string; readonly shape: number[]; readonly dtype: number };

export type Source = readonly [node: number, output: number];

/** A tensor of a trace: what it is called, where it comes from, what it looks like. */
export interface TracedTensor {
  readonly name: string;
  readonly source: Source;
  readonly shape: number[];
  readonly dtype: number;
}

/** What a pure function would do. */
export interface Trace {
  readonly nodes: readonly TraceNode[];
}

/** tfjs-node takes negative handles for tensors whose values are still in JavaScript (-1), and never deletes them. */
const firstHandle = -2;

/**
 * Runs `body` on tensors without values while every call of the native binding is written down instead of carried out.
 * Since a pure step reads no value on the way, the record is a complete program: forward, backward and optimizer.
 *
 * @param inputs the open ends of the trace, by name
 * @returns the trace, and what `body` returned as sources in it
 */
export const record = <K extends string>(
  inputs: readonly Omit<TracedTensor, 'source'>[],
  body: (inputs: Tensors) => Record<K, Tensors>,
): { trace: Trace; results: Record<K, TracedTensor[]> } => {
  const owner = backend();
  const real = owner.binding;
  const nodes: TraceNode[] = [];
  const known = new Map<number, { source: Source; tensor: Abstract }>();
  const add = (node: TraceNode, outputs: readonly Abstract[]): number[] => {
    const index = nodes.push(node) - 1;
    return outputs.map((tensor, output) => {
      const handle = firstHandle - known.size;
      known.set(handle, { source: [index, output], tensor });
      return handle;
    });
  };
  const lookUp = (handle: number): { source: Source; tensor: Abstract } => {
    const found = known.get(handle);
    if (found) return found;
    throw new Error(`a traced step used tensor ${handle}, which was made before the trace and is no input of it`);
  };
  const sourceOf = (tensor: tf.Tensor): Source => lookUp(owner.getInputTensorIds([tensor])[0] as number).source;
  const wiretap: Partial<Binding> = {
    executeOp: (name, attributes, inputIds): NativeTensor[] => {
      const operands = inputIds.map(lookUp);
      const inferred = inferOutputs(
        name,
        attributes,
        operands.map(({ tensor }) => tensor),
      );
      const { fuse, after, rounding } = annotation();
      const inputs = operands.map(({ source }) => source);
      const handles = add(
        { type: 'op', name, attributes, inputs, outputs: inferred, fuse, after: after && sourceOf(after), rounding },
        inferred,
      );
      return inferred.map(({ shape, dtype }, i) => ({ id: handles[i] as number, shape: [...shape], dtype }));
    },
    createTensor: (shape, dtype, given): number => {
      const values = Array.from(given as ArrayLike<number>);
      return add({ type: 'constant', shape: [...shape], dtype, values }, [{ shape, dtype, values }])[0] as number;
    },
    tensorDataSync: () => {
      throw new Error('a traced step must not read values: pass them in with the batch, or return them as metrics');
    },
  };
  const traced = (tensors: Tensors): TracedTensor[] => {
    // Values still held by JavaScript become constants of the graph here.
    const handles = owner.getInputTensorIds(Object.values(tensors));
    return Object.keys(tensors).map((name, i) => {
      const { source, tensor } = lookUp(handles[i] as number);
      return { name, source, shape: [...tensor.shape], dtype: tensor.dtype };
    });
  };
  // The binding's own functions are read-only properties of a native object: a delegate takes its place.
  owner.binding = Object.create(real, describe(wiretap)) as Binding;
  try {
    let recorded: { trace: Trace; results: Record<K, TracedTensor[]> } | undefined;
    tf.tidy(() => {
      const open = inputs.map(({ name, shape, dtype }): [string, tf.Tensor] => {
        const [id] = add({ type: 'input', name, shape, dtype }, [{ shape, dtype }]) as [number];
        return [name, owner.createOutputTensor({ id, shape, dtype })];
      });
      const made = body(Object.fromEntries(open));
      const results = Object.fromEntries(
        Object.entries<Tensors>(made).map(([key, tensors]) => [key, traced(tensors)]),
      ) as Record<K, TracedTensor[]>;
      recorded = { trace: { nodes }, results };
    });
    return recorded as { trace: Trace; results: Record<K, TracedTensor[]> };
  } finally {
    owner.binding = real;
  }
};

/** Property descriptors of plain values (assignment would meet the read-only properties of the prototype). */
const describe = (values: object): PropertyDescriptorMap =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, enumerable: true }]));
