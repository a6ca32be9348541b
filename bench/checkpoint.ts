import { cpus } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../core/errors.ts';
import { tensorflowVariables } from '../nn/device/flags.ts';
import { down, up } from '../services/index.ts';
import type { Benchmark, Context } from './benchmark.ts';
import { ensurePeers } from './peers.ts';
import { ownProgram, processSide } from './process.ts';

/** The paper's UNet: weights, their average, and AdamW's two moments, each a vector of so many float32. */
const parameters = 96_187_523;
const vectors = 4;

/** How long the steps stand still for a checkpoint. Ours is written by a thread to MinIO, PyTorch's by `torch.save` to a file. */
const sides = async (context: Context) => {
  const { env, folder } = context;
  const { s3 } = await up({ home: folder, env, stopWithPid: process.pid });
  const request = { parameters, vectors, s3: { ...s3, console: '' } } as JsonObject;
  const variables = tensorflowVariables(env, { device: 'cpu', threads: cpus().length });
  const ours = processSide(
    'cemiflow',
    () => ({ ...ownProgram('checkpoint-side.ts'), env: { ...env, ...variables } }),
    request,
  );
  const torch = processSide('torch.save', async () => {
    const { python } = await ensurePeers('torch', context);
    const asked = JSON.stringify({ parameters, vectors, file: join(folder, 'checkpoint.pt') });
    return { file: python, args: [join(import.meta.dirname, 'peers', 'checkpoint.py'), asked], env };
  });
  const close = async (): Promise<void> => {
    await ours.close?.();
    await down({ home: folder });
  };
  return { ours: { ...ours, close }, peers: [torch] };
};

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'checkpoint/paper-unet',
    work: "how long training stands still for a checkpoint of the paper's UNet: 1.54 GB of weights, average and moments",
    rounds: 5,
    sides,
  },
];
