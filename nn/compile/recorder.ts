import { type Binding, backend, type NativeTensor, type OpAttribute } from '../kernels/backend.ts';

/** One executed op or created constant, in order of execution. Inputs are `[node index, output index]`. */
export type TraceNode =
  | { readonly type: 'op'; readonly name: string; readonly attributes: OpAttribute[]; readonly inputs: Source[] }
  | { readonly type: 'constant'; readonly shape: number[]; readonly dtype: number; readonly values: ArrayLike<number> }
  | { readonly type: 'input'; readonly name: string; readonly shape: number[]; readonly dtype: number };

export type Source = readonly [node: number, output: number];

/** What one eager run of a pure function did. */
export interface Trace {
  readonly nodes: readonly TraceNode[];
  /** Where the tensor with this native handle comes from. */
  sourceOf(id: number): Source;
}

/**
 * Runs `body` once while every call of the native binding is written down. Since a pure step reads no value on the way,
 * the record is a complete program: forward, backward and optimizer.
 *
 * @param inputs native handles that stay open ends of the trace, by name
 */
export const record = <T>(
  inputs: readonly { name: string; id: number; shape: number[]; dtype: number }[],
  body: () => T,
): { trace: Trace; result: T } => {
  const owner = backend();
  const real = owner.binding;
  const nodes: TraceNode[] = [];
  const sources = new Map<number, Source>();
  for (const { name, id, shape, dtype } of inputs) {
    sources.set(id, [nodes.length, 0]);
    nodes.push({ type: 'input', name, shape, dtype });
  }
  const sourceOf = (id: number): Source => {
    const source = sources.get(id);
    if (!source)
      throw new Error(`a traced step used tensor ${id}, which was made before the trace and is no input of it`);
    return source;
  };
  const wiretap: Partial<Binding> = {
    executeOp: (name, attributes, inputIds, outputs): NativeTensor[] => {
      const made = real.executeOp(name, attributes, inputIds, outputs);
      const index = nodes.length;
      nodes.push({ type: 'op', name, attributes, inputs: inputIds.map(sourceOf) });
      made.forEach((tensor, i) => {
        sources.set(tensor.id, [index, i]);
      });
      return made;
    },
    createTensor: (shape, dtype, values): number => {
      const id = real.createTensor(shape, dtype, values);
      sources.set(id, [nodes.length, 0]);
      nodes.push({ type: 'constant', shape: [...shape], dtype, values: Array.from(values as ArrayLike<number>) });
      return id;
    },
    tensorDataSync: () => {
      throw new Error('a traced step must not read values: pass them in with the batch, or return them as metrics');
    },
  };
  // The binding's own functions are read-only properties of a native object: stand a delegate in front of it.
  owner.binding = Object.create(real, describe(wiretap)) as Binding;
  try {
    return { result: body(), trace: { nodes, sourceOf } };
  } finally {
    owner.binding = real;
  }
};

/** Property descriptors of plain values (assignment would meet the read-only properties of the prototype). */
const describe = (values: object): PropertyDescriptorMap =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, enumerable: true }]));
