import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stage } from '../../activities/recognizer-import/stage.ts';
import { recognizerOf } from '../../artifacts/codecs/recognizer.ts';
import { weightsCodec } from '../../artifacts/codecs/weights.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import { exportOnnx } from '../../client/export/onnx.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { decodeImage } from '../../formats/image.ts';
import { loadSet } from '../../training/input.ts';
import { withEmbedder } from '../../training/recognizer.ts';
import { toyContext } from '../activities/toy.ts';
import { runOnnx } from '../helpers/onnx.ts';

/**
 * Imports the checkpoints that `make.py` wrote, and prints how far our embeddings are from PyTorch's, and onnxruntime's from ours. Leaves
 * `NAME.safetensors` and `NAME.onnx` for `load.py`.
 */
const check = async (folder: string): Promise<void> => {
  const context = toyContext();
  const { store } = context;
  const expected: { [file: string]: { channels: string; embeddings: number[][] } } = JSON.parse(
    readFileSync(join(folder, 'expected.json'), 'utf8'),
  );
  const writer = new DatasetWriter(store, { height: 112, width: 112 });
  const count = Object.values(expected)[0]?.embeddings.length ?? 0;
  for (let image = 0; image < count; image++)
    await writer.addEncoded({ identity: 0, image, bytes: readFileSync(join(folder, `${image}.jpg`)) });
  const set = await loadSet(context, await writer.finish({ origin: 'folder', peopleShown: 'drawn' }));
  for (const [file, { channels, embeddings }] of Object.entries(expected)) {
    const params = { channels, network: { preset: 'auto' }, prefix: 'auto', strict: true, trainedOn: '', licence: '' };
    const place = { ...context, places: { path: join(folder, file) } };
    const ref = (await stage.run(params as never, place)).weights as ArtifactRef;
    const artifact = await weightsCodec.read(store, ref);
    const name = file.replace(/\.\w+$/, '');
    const { config } = recognizerOf(artifact);
    const rows = await withEmbedder(store, ref, { view: 'plain', precision: 'float32' }, async (embedder) =>
      Float32Array.from(await embedder.embed(set, context)),
    );
    const ours = embeddings.map((_, i) => [...rows.subarray(i * 512, i * 512 + 512)]);
    const model = artifact.files.filter(({ path }) => path.endsWith('.safetensors'));
    for (const { path, digest } of model) writeFileSync(join(folder, `${name}.${path}`), await store.getBlob(digest));
    const onnx = join(folder, `${name}.onnx`);
    rmSync(onnx, { force: true });
    await exportOnnx(store, ref, onnx);
    const pixels = join(folder, 'pixels.f32');
    writeFileSync(pixels, await pixelsOf(folder, count, channels));
    const { all } = await runOnnx(onnx, pixels);
    const { variant, depths } = config;
    const found = { file, variant, depths, fromPyTorch: apart(ours, embeddings), onnxFromOurs: apart(all, ours) };
    process.stdout.write(`${JSON.stringify(found)}\n`);
  }
};

/** float32 [N, 3, 112, 112] in the network's order of colours, decoded as the loader does. */
const pixelsOf = async (folder: string, count: number, channels: string): Promise<Float32Array> => {
  const values = new Float32Array(count * 3 * 112 * 112);
  for (let image = 0; image < count; image++) {
    const { pixels } = await decodeImage(readFileSync(join(folder, `${image}.jpg`)));
    for (let i = 0; i < 112 * 112; i++) {
      for (let c = 0; c < 3; c++) {
        const value = pixels[i * 3 + (channels === 'bgr' ? 2 - c : c)] as number;
        values[(image * 3 + c) * 112 * 112 + i] = (value - 127.5) / 127.5;
      }
    }
  }
  return values;
};

const apart = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number =>
  Math.max(...a.flatMap((row, i) => row.map((value, k) => Math.abs(value - (b[i]?.[k] as number)))));

await check(process.argv[2] as string);
