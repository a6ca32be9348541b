import { createRequire } from 'node:module';
import { backend, type OpAttribute } from '../kernels/backend.ts';
import { gradientRead, keptGradients } from './kept-gradients.ts';
import type { Source, Trace, TraceNode } from './recorder.ts';

// biome-ignore lint/suspicious/noExplicitAny: generated protobuf classes come without types
type Message = any;
const messages: Message = createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu/dist/proto/api_pb.js');

/** Which part of a trace is added to a graph. */
interface TracePart {
  readonly given?: ReadonlyMap<string, string>;
  wanted?(index: number): boolean;
}

/** Builds a GraphDef from a trace plus the nodes that a session needs around it. */
export class GraphBuilder {
  readonly #nodes: Message[] = [];
  #sumsWaitFor?: string;

  add(name: string, op: string, inputs: readonly string[], attributes: Record<string, Message> = {}): string {
    const node = new messages.NodeDef();
    node.setName(name);
    node.setOp(op);
    node.setInputList([...inputs]);
    for (const [key, value] of Object.entries(attributes)) node.getAttrMap().set(key, value);
    this.#nodes.push(node);
    return name;
  }

  placeholder(name: string, shape: readonly number[], dtype: number): string {
    return this.add(name, 'Placeholder', [], { dtype: typeValue(dtype), shape: shapeValue(shape) });
  }

  constant(name: string, shape: readonly number[], dtype: number, values: ArrayLike<number>): string {
    return this.add(name, 'Const', [], { dtype: typeValue(dtype), value: tensorValue(shape, dtype, values) });
  }

  /** A resource variable: returns the handle's name. */
  variable(name: string, shape: readonly number[], dtype: number): string {
    return this.add(name, 'VarHandleOp', [], {
      dtype: typeValue(dtype),
      shape: shapeValue(shape),
      shared_name: stringValue(name),
      container: stringValue(''),
    });
  }

  read(name: string, handle: string, dtype: number): string {
    return this.add(name, 'ReadVariableOp', [handle], { dtype: typeValue(dtype) });
  }

  assign(name: string, handle: string, value: string, dtype: number, after: readonly string[] = []): string {
    return this.add(name, 'AssignVariableOp', [handle, value, ...after.map((n) => `^${n}`)], {
      dtype: typeValue(dtype),
    });
  }

  identity(name: string, value: string, dtype: number, after: readonly string[] = []): string {
    return this.add(name, 'Identity', [value, ...after.map((n) => `^${n}`)], { T: typeValue(dtype) });
  }

  /**
   * Adds the ops and constants of a trace, under names that begin with `prefix`; its inputs are taken from `inputs` by
   * name.
   * @param part.given sources whose tensors are there already, by `String(source)`
   * @param part.wanted which nodes, by index; default all
   * @returns the name of the tensor behind a source of the trace
   */
  addTrace(
    trace: Trace,
    inputs: ReadonlyMap<string, string>,
    prefix = '',
    { given, wanted = () => true }: TracePart = {},
  ): (source: Source) => string {
    const nodeName = (index: number): string => `${prefix}n${index}`;
    const constants = new Map<string, string>();
    const gradients = keptGradients(trace);
    const aliases = new Map<number, string>();
    const named = (source: Source): string => {
      const there = given?.get(String(source));
      if (there !== undefined) return there;
      const node = trace.nodes[source[0]] as TraceNode;
      if (node.type === 'constant') return aliases.get(source[0]) as string;
      if (node.type !== 'input') return source[1] === 0 ? nodeName(source[0]) : `${nodeName(source[0])}:${source[1]}`;
      const input = inputs.get(node.name);
      if (input === undefined) throw new Error(`the trace's input '${node.name}' was not given`);
      return input;
    };
    /** One output of an op with several, under a name of its own. */
    const kept = (source: Source, reader: TraceNode & { type: 'op' }): string => {
      const name = `${nodeName(source[0])}_output_${source[1]}`;
      if (!gradients.get(String(source))) gradients.set(String(source), this.#kept(name, named(source), reader));
      return name;
    };
    /** Control edges: of an op that waits, and of sums. */
    const waits = ({ name, after }: TraceNode & { type: 'op' }): string[] => [
      ...(after && trace.nodes[after[0]]?.type === 'op' ? [`^${nodeName(after[0])}`] : []),
      ...(name === 'Add' ? [`^${this.#apart()}`] : []),
    ];
    trace.nodes.forEach((node, index) => {
      if (node.type === 'constant') {
        // A small constant made again is the same node: each root of the graph costs a wake-up of the scheduler.
        const content =
          node.values.length > 64 ? `${index}` : `${node.dtype} [${node.shape}] ${Array.from(node.values)}`;
        const known = constants.get(content) ?? this.constant(nodeName(index), node.shape, node.dtype, node.values);
        constants.set(content, known);
        aliases.set(index, known);
      }
      if (node.type === 'op' && wanted(index)) {
        if (approximate.has(node.name))
          throw new Error(
            `${node.name} differs between processors in its last digit: divide by the root, or the number, itself`,
          );
        const operands = node.inputs.map((source, place) => {
          if (place === 1 && isDivision(node) && becomesProduct(trace.nodes[source[0]] as TraceNode))
            return this.#kept(`${nodeName(index)}_divisor`, named(source), node);
          const gradient = gradientRead(trace, node, place);
          return gradient && gradients.has(String(gradient)) ? kept(gradient, node) : named(source);
        });
        this.add(nodeName(index), node.name, [...operands, ...waits(node)], {
          ...Object.fromEntries(node.attributes.map(attributeEntry)),
          ...(node.fuse === undefined ? {} : { _XlaCompile: boolValue(true), _XlaScope: stringValue(node.fuse) }),
        });
      }
    });
    return named;
  }

  /**
   * What every sum waits for, so that it stays by itself. TensorFlow joins sums of sums into one that adds its terms in
   * the order in which they arrive: another one in each run. It leaves those alone that have a control edge.
   */
  #apart(): string {
    this.#sumsWaitFor ??= this.variable('apart', [], backend().binding.TF_FLOAT);
    return this.#sumsWaitFor;
  }

  /** An operand as it is, by an op that passes its input on: see `becomesProduct` and `keptGradients`. */
  #kept(name: string, operand: string, { attributes }: TraceNode & { type: 'op' }): string {
    const type = attributes.find((attribute) => attribute.name === 'T') as OpAttribute;
    return this.add(name, 'Snapshot', [operand], Object.fromEntries([attributeEntry(type)]));
  }

  /** The serialised SavedModel: one meta graph, tagged `serve`. */
  toSavedModel(): Uint8Array {
    const graph = new messages.GraphDef();
    graph.setNodeList(this.#nodes);
    const versions = new messages.VersionDef();
    versions.setProducer(2000);
    versions.setMinConsumer(0);
    graph.setVersions(versions);
    const info = new messages.MetaGraphDef.MetaInfoDef();
    info.setTagsList(['serve']);
    const meta = new messages.MetaGraphDef();
    meta.setMetaInfoDef(info);
    meta.setGraphDef(graph);
    const model = new messages.SavedModel();
    model.setSavedModelSchemaVersion(1);
    model.setMetaGraphsList([meta]);
    return model.serializeBinary();
  }
}

const isDivision = ({ name }: TraceNode & { type: 'op' }): boolean => name === 'RealDiv' || name === 'Div';

/** Ops that begin with `rsqrtps` or `rcpps`. */
const approximate: ReadonlySet<string> = new Set(['Rsqrt', 'Reciprocal', 'Inv']);

/**
 * Whether TensorFlow would make a division by this a product with an approximation of 1 / sqrt(y), which begins with an instruction
 * (`rsqrtps`) that AMD's and Intel's processors round differently.
 */
const becomesProduct = (divisor: TraceNode): boolean => divisor.type === 'op' && divisor.name === 'Sqrt';

const attributeEntry = (attribute: OpAttribute): [string, Message] => [attribute.name, attributeValue(attribute)];

const attributeValue = ({ name, type, value }: OpAttribute): Message => {
  const binding = backend().binding;
  const result = new messages.AttrValue();
  const list = Array.isArray(value) ? new messages.AttrValue.ListValue() : undefined;
  switch (type) {
    case binding.TF_ATTR_STRING:
      return stringValue(value as string);
    case binding.TF_ATTR_INT:
      list ? list.setIList(value) : result.setI(value);
      break;
    case binding.TF_ATTR_FLOAT:
      list ? list.setFList(value) : result.setF(value);
      break;
    case binding.TF_ATTR_BOOL:
      list ? list.setBList(value) : result.setB(value);
      break;
    case binding.TF_ATTR_TYPE:
      return typeValue(value as number);
    case binding.TF_ATTR_SHAPE:
      return shapeValue(value as number[]);
    default:
      throw new Error(`attribute '${name}' has type ${type}, which a trace cannot write down`);
  }
  if (list) result.setList(list);
  return result;
};

const typeValue = (dtype: number): Message => {
  const value = new messages.AttrValue();
  value.setType(dtype);
  return value;
};

const boolValue = (truth: boolean): Message => {
  const value = new messages.AttrValue();
  value.setB(truth);
  return value;
};

const stringValue = (text: string): Message => {
  const value = new messages.AttrValue();
  value.setS(new Uint8Array(Buffer.from(text)));
  return value;
};

const shapeProto = (shape: readonly number[]): Message => {
  const proto = new messages.TensorShape();
  proto.setDimList(
    shape.map((size) => {
      const dim = new messages.TensorShape.Dim();
      dim.setSize(size);
      return dim;
    }),
  );
  return proto;
};

const shapeValue = (shape: readonly number[]): Message => {
  const value = new messages.AttrValue();
  value.setShape(shapeProto(shape));
  return value;
};

const tensorValue = (shape: readonly number[], dtype: number, values: ArrayLike<number>): Message => {
  const binding = backend().binding;
  const array =
    dtype === binding.TF_FLOAT
      ? Float32Array.from(values)
      : dtype === binding.TF_INT32
        ? Int32Array.from(values)
        : Uint8Array.from(values);
  const tensor = new messages.Tensor();
  tensor.setDtype(dtype);
  tensor.setTensorShape(shapeProto(shape));
  tensor.setTensorContent(new Uint8Array(array.buffer));
  const value = new messages.AttrValue();
  value.setTensor(tensor);
  return value;
};
