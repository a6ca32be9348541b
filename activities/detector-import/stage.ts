import { writeWeights } from '../../artifacts/codecs/weights.ts';
import type { Digest } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import { placeOf, type StageKind } from '../../core/stage.ts';
import { sourceChanged } from '../../data/intake/faults.ts';
import { contentDigest } from '../../formats/content.ts';
import type { SafeTensors } from '../../formats/safetensors.ts';
import { openFile, type Source } from '../../formats/source.ts';
import { openSource } from '../../formats/sources/open.ts';
import { openTorch } from '../../formats/torch/index.ts';
import { detectorNetworks, detectorParameters } from '../../nn/detector/layout.ts';
import { tf } from '../../nn/tf.ts';
import { fromSafetensors } from '../../nn/weights.ts';

/** `schemas/stages/detector-import.schema.json` */
interface Params {
  readonly licence: string;
  readonly source: string;
  /** Filled in when the experiment is planned. */
  readonly content?: Digest;
}

/** `detector/import`: takes in the weights of a face detector, MTCNN as facenet-pytorch has it. */
export const stage: StageKind<Params> = {
  async run({ licence, source, content }, context) {
    const path = placeOf(context, 'path');
    const opened = await openSource(path);
    try {
      const tensors: SafeTensors = {};
      for (const network of Object.keys(detectorNetworks)) Object.assign(tensors, await readNetwork(opened, network));
      // Every parameter is there, and of the right shape.
      tf.dispose(fromSafetensors(tensors, detectorParameters));
      if (content !== undefined && (await contentDigest(path)) !== content) throw sourceChanged(path);
      const meta = { network: { family: 'mtcnn' }, imported: { licence, source } };
      return { weights: await writeWeights(context.store, tensors, meta) };
    } finally {
      await opened.close();
    }
  },
};

/** Tensors of `NETWORK.pt`, with the network's name before theirs. */
const readNetwork = async (source: Source, network: string): Promise<SafeTensors> => {
  const name = `${network}.pt`;
  const file = source.files.find(({ path }) => path === name || path.endsWith(`/${name}`));
  if (!file)
    throw new CemiflowError('WeightsNotFound', `there is no ${name} in ${source.name}`, {
      remedy:
        'name the folder facenet_pytorch/data that "pip download facenet-pytorch==2.6.0 --no-deps" and "unzip facenet_pytorch-2.6.0-py3-none-any.whl" bring',
      data: { source: source.name, file: name },
    });
  const tensors: { [name: string]: SafeTensors[string] } = {};
  for (const [key, tensor] of (await openTorch(openFile(source, file))).tensors) {
    const data = await tensor.read();
    if (data instanceof Float32Array) tensors[`${network}.${key}`] = { dtype: 'F32', shape: [...tensor.shape], data };
  }
  return tensors;
};
