import { cpus } from 'node:os';
import { join } from 'node:path';
import type { Precision } from '../../nn/compile/index.ts';
import { tensorflowVariables } from '../../nn/device/flags.ts';
import { recognizerConfig } from '../../nn/recognizer/config.ts';
import type { Benchmark, Context, Side } from '../benchmark.ts';
import { ensurePeers } from '../peers.ts';
import { processSide } from '../process.ts';
import { paperUnet, quickstartRecognizer, quickstartUnet, type Task } from './task.ts';

const root = join(import.meta.dirname, '..', '..');

/** TensorFlow reads its variables when it is loaded, so every side of ours is a process that is born with them. */
const ours = (task: Task, { env }: Context, mode: 'compiled' | 'eager' = 'compiled'): Side => {
  const variables = tensorflowVariables(env, { device: 'cpu', threads: cpus().length });
  return processSide(mode === 'compiled' ? 'cemiflow' : 'cemiflow, eager', () => ({
    file: process.execPath,
    args: ['--import', 'tsx', join(import.meta.dirname, 'ours.ts'), JSON.stringify(task), mode],
    cwd: root,
    env: { ...env, ...variables },
  }));
};

/** What is measured here; `bench/gpu` measures others. */
type CpuPrecision = Extract<Precision, 'float32' | 'bfloat16'>;

/** What a user of PyTorch would choose from at each precision. */
const peers: {
  readonly [P in CpuPrecision]: readonly { readonly name: string; readonly mode: 'eager' | 'compile' }[];
} = {
  float32: [
    { name: 'PyTorch eager', mode: 'eager' },
    { name: 'PyTorch compile', mode: 'compile' },
  ],
  bfloat16: [
    { name: 'PyTorch autocast', mode: 'eager' },
    { name: 'PyTorch autocast, compile', mode: 'compile' },
  ],
};

/** All are channels_last. `torch.compile` starts with an empty cache, and says how many seconds it took. */
const torchSides = (task: Task, precision: CpuPrecision, context: Context): Side[] =>
  peers[precision].map(({ name, mode }) =>
    processSide(name, async () => {
      const { python } = await ensurePeers('torch', context);
      const asked = JSON.stringify({ ...task, precision, mode, threads: cpus().length });
      const cache = { TORCHINDUCTOR_CACHE_DIR: join(context.folder, 'inductor') };
      return {
        file: python,
        args: [join(root, 'bench', 'peers', 'tensors.py'), asked],
        env: { ...context.env, ...cache },
      };
    }),
  );

export interface Measured {
  readonly name: string;
  readonly work: string;
  readonly task: Task;
  /** Of the fastest peer's time over ours, by precision. */
  readonly targets: { readonly [P in CpuPrecision]: number };
  readonly rounds: number;
}

const irSe50 = recognizerConfig('ir_se_50');
const ir50 = recognizerConfig('ir_50');

/** The rows of the tensor benchmarks that PyTorch does as well. */
export const measured: readonly Measured[] = [
  {
    name: 'unet-train/paper',
    work: "a training step of the paper's UNet, 112 px, batch 4, with L_SimMat through IR-50, AdamW and EMA",
    task: { task: 'diffusion/train', network: paperUnet, recognizer: ir50, batch: 4 },
    targets: { float32: 1.2, bfloat16: 1.2 },
    rounds: 5,
  },
  {
    name: 'unet-train/quickstart',
    work: "10 training steps of the quickstart's UNet, 32 px, batch 32, with L_SimMat, AdamW and EMA",
    task: { task: 'diffusion/train', network: quickstartUnet, recognizer: quickstartRecognizer, batch: 32, times: 10 },
    targets: { float32: 1.3, bfloat16: 1.3 },
    rounds: 7,
  },
  {
    name: 'recognizer-train/ir-se-50',
    work: 'a training step of IR-SE50 with CosFace, 112 px, batch 32, 10,572 classes, SGD',
    task: { task: 'recognizer/train', recognizer: irSe50, batch: 32, classes: 10_572 },
    targets: { float32: 1.3, bfloat16: 1.2 },
    rounds: 5,
  },
  {
    name: 'ddim/paper',
    work: "DDIM, batch 16, the paper's UNet: 2 steps, a tenth of an image's 20",
    task: { task: 'diffusion/sample', network: paperUnet, batch: 16, steps: 2 },
    targets: { float32: 1.5, bfloat16: 1.5 },
    rounds: 3,
  },
  {
    name: 'embed/ir-50',
    work: 'embeddings of 128 images with their mirror images, IR-50, 112 px, batches of 64',
    task: { task: 'recognizer/embed', recognizer: ir50, batch: 64, images: 128 },
    targets: { float32: 1.3, bfloat16: 1.3 },
    rounds: 3,
  },
];

const precisions: readonly CpuPrecision[] = ['float32', 'bfloat16'];

/** Work without a peer: how much memory it takes, and that it runs at all. */
const alone: readonly { name: string; work: string; task: Task }[] = [
  {
    name: 'paper/unet',
    work: "20 training steps of the paper's UNet, batch 4, with L_SimMat through IR-50",
    task: { task: 'diffusion/train', network: paperUnet, recognizer: ir50, batch: 4, times: 20 },
  },
  {
    name: 'paper/sample',
    work: "one image of the paper's UNet by DDIM in 20 steps",
    task: { task: 'diffusion/sample', network: paperUnet, batch: 1, steps: 20 },
  },
  ...(['ir_50', 'ir_se_50'] as const).map((preset) => ({
    name: `paper/${preset.replaceAll('_', '-')}`,
    work: `20 training steps of ${preset} with CosFace, 112 px, batch 16, 10,572 classes`,
    task: {
      task: 'recognizer/train',
      recognizer: recognizerConfig(preset),
      batch: 16,
      classes: 10_572,
      times: 20,
    } as const,
  })),
  {
    name: 'memory/unet-160',
    work: "one training step of the paper's UNet, batch 160 in micro-batches of 4, with L_SimMat through IR-50",
    task: { task: 'diffusion/train', network: paperUnet, recognizer: ir50, batch: 160, microBatch: 4 },
  },
  ...[false, true].map((recompute) => ({
    name: `memory/unet-16${recompute ? '-recompute' : ''}`,
    work: `one training step of the paper's UNet, batch 16${recompute ? ', blocks recomputed' : ''}, with L_SimMat through IR-50`,
    task: { task: 'diffusion/train', network: paperUnet, recognizer: ir50, batch: 16, recompute } as const,
  })),
  ...[false, true].map((recompute) => ({
    name: `memory/ir-se-50${recompute ? '-recompute' : ''}`,
    work: `one training step of IR-SE50 with CosFace, batch 64${recompute ? ', units recomputed' : ''}, 10,572 classes`,
    task: { task: 'recognizer/train', recognizer: irSe50, batch: 64, classes: 10_572, recompute } as const,
  })),
  {
    name: 'memory/classes-200000',
    work: 'one training step of IR-18 with CosFace, batch 32, 200,000 classes',
    task: { task: 'recognizer/train', recognizer: recognizerConfig('ir_18'), batch: 32, classes: 200_000 },
  },
];

export const benchmarks: readonly Benchmark[] = [
  ...measured.flatMap(({ name, work, task, targets, rounds }) =>
    precisions.map((precision): Benchmark => {
      const asked = { ...task, precision };
      return {
        ...{ name: `${name}/${precision}`, work: `${work}; ${precision}`, rounds },
        ...{ target: targets[precision], against: 'fastest' },
        sides: async (context) => ({ ours: ours(asked, context), peers: torchSides(asked, precision, context) }),
      };
    }),
  ),
  ...measured.map(
    ({ name, work, task }): Benchmark => ({
      ...{
        name: `eager/${name.replace('/', '-')}`,
        work: `the same compiled and eager: ${work}`,
        target: 2,
        rounds: 1,
      },
      sides: async (context) => ({ ours: ours(task, context), peers: [ours(task, context, 'eager')] }),
    }),
  ),
  ...alone.map(
    ({ name, work, task }): Benchmark => ({
      ...{ name, work, rounds: 1, cold: true },
      sides: async (context) => ({ ours: ours(task, context), peers: [] }),
    }),
  ),
];
