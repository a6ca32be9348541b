import { open, rename, rm, stat } from 'node:fs/promises';
import { type RecognizerMeta, recognizerOf } from '../../artifacts/codecs/recognizer.ts';
import { readWeights, weightsCodec } from '../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import { encodeOnnx, type OnnxModel, type OnnxTensor } from '../../formats/onnx/index.ts';
import type { SafeTensors } from '../../formats/safetensors.ts';
import { type GraphOutput, type GraphParameter, inputShape, recognizerGraph } from '../../nn/recognizer/graph.ts';
import type { Store } from '../../store/index.ts';

/** What an ONNX file may compute. */
export const onnxOutputs = ['embedding', 'features'] as const satisfies readonly GraphOutput[];

export interface OnnxOptions {
  /** Default `embedding`: rows of length one. InsightFace's tools want `features`, which are not normalised. */
  readonly output?: GraphOutput;
}

/** What was exported. */
export interface OnnxExport {
  readonly path: string;
  readonly bytes: number;
  readonly parameters: number;
}

/**
 * Writes a recognizer as an ONNX file: `input` float32 [N, 3, S, S] in [-1, 1], and what `options.output` names, [N, D]. The file's
 * metadata says in which order it reads colours, how pixels are scaled, and of which weights it is. Exporting again gives the same bytes.
 *
 * @param path absolute; the file must not exist yet
 * @throws CemiflowError `ArtifactInvalid` for weights of another network, `ExportExists`
 */
export const exportOnnx = async (
  store: Pick<Store, 'getArtifact' | 'getBlob'>,
  ref: ArtifactRef,
  path: string,
  { output = 'embedding' }: OnnxOptions = {},
): Promise<OnnxExport> => {
  if (await stat(path).catch(() => undefined)) {
    throw new CemiflowError('ExportExists', `${path} exists`, { remedy: 'name another file', data: { path } });
  }
  const artifact = await weightsCodec.read(store, ref);
  const recognizer = recognizerOf(artifact);
  const model = onnxOf(recognizer, await readWeights(store, artifact), output, ref);
  const pieces = encodeOnnx(model);
  const part = `${path}.part-${process.pid}`;
  try {
    const file = await open(part, 'w');
    try {
      for (const piece of pieces) await file.writeFile(piece);
    } finally {
      await file.close();
    }
    await rename(part, path);
  } finally {
    await rm(part, { force: true });
  }
  const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
  return { path, bytes, parameters: model.initializers.reduce((sum, { data }) => sum + data.length, 0) };
};

const onnxOf = (
  { config }: RecognizerMeta,
  weights: SafeTensors,
  output: GraphOutput,
  { digest }: ArtifactRef,
): OnnxModel => {
  const { nodes, parameters } = recognizerGraph(config, output);
  const { channels, embedding, variant } = config;
  return {
    name: `recognizer-${variant}`,
    nodes,
    initializers: parameters.map((parameter) => initializerOf(parameter, weights)),
    inputs: [{ name: 'input', shape: inputShape(config) }],
    outputs: [{ name: output, shape: ['N', embedding] }],
    metadata: {
      channels,
      input: '(x - 127.5) / 127.5 for pixels x from 0 to 255',
      output: output === 'embedding' ? 'rows of length 1' : 'not normalised',
      weights: digest,
    },
  };
};

const initializerOf = ({ name, shape, constant }: GraphParameter, weights: SafeTensors): OnnxTensor => {
  const size = shape.reduce((product, n) => product * n, 1);
  if (constant !== undefined) return { name, shape, data: new Float32Array(size).fill(constant) };
  const data = weights[name]?.data;
  if (data instanceof Float32Array && data.length === size) return { name, shape, data };
  throw new CemiflowError('WeightsMismatch', `the weights must hold ${name} with ${size} float32 values`, {
    remedy: 'run the stage again that made these weights: they do not fit their own configuration',
    data: { parameter: name },
  });
};
