import type { Source, Trace, TraceNode } from './recorder.ts';

const filterGradient = 'Conv2DBackpropFilter';

/** Ops that read the gradient of a convolution with a bias, and which of their inputs it is. */
const gradientPlaces: ReadonlyMap<string, number> = new Map([
  [filterGradient, 2],
  ['Conv2DBackpropInput', 2],
  ['BiasAddGrad', 0],
]);

/**
 * The gradients of convolutions' outputs that are one of several outputs of an op, by `String(source)`. They are kept apart: with oneDNN,
 * TensorFlow (2.21, `MklLayoutRewritePass`) makes the gradients of a filter and of a bias one op where both read the same op, and does
 * not look at which of its outputs they read. A convolution before a group norm then takes the bias of the norm's shift for its own: in
 * half of all sessions, since it depends on addresses in memory.
 *
 * @returns each with no name yet
 */
export const keptGradients = (trace: Trace): Map<string, string | undefined> =>
  new Map(
    trace.nodes.flatMap((node): [string, undefined][] => {
      if (node.type !== 'op' || node.name !== filterGradient) return [];
      const gradient = gradientRead(trace, node, 2);
      return gradient ? [[String(gradient), undefined]] : [];
    }),
  );

/** The output of an op with several that an op reads as a convolution's gradient; undefined where it reads another, or no such one. */
export const gradientRead = (trace: Trace, node: TraceNode & { type: 'op' }, place: number): Source | undefined =>
  place === gradientPlaces.get(node.name) ? oneOfSeveral(trace, node.inputs[place] as Source) : undefined;

/** The output behind a source, if an op with several gives it. */
const oneOfSeveral = (trace: Trace, source: Source): Source | undefined => {
  const node = trace.nodes[source[0]] as TraceNode;
  if (node.type !== 'op') return undefined;
  if (node.outputs.length > 1) return source;
  // TensorFlow may take out what changes nothing, before it merges ops.
  const from = node.inputs[0];
  return from && passesOn(node, trace.nodes[from[0]] as TraceNode, from[1]) ? oneOfSeveral(trace, from) : undefined;
};

const passesOn = (node: TraceNode & { type: 'op' }, from: TraceNode, output: number): boolean =>
  node.name === 'Identity' ||
  (node.name === 'Reshape' && from.type === 'op' && `${from.outputs[output]?.shape}` === `${node.outputs[0]?.shape}`);
