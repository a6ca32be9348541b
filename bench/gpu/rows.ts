import { cpus } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../../core/errors.ts';
import { tensorflowVariables } from '../../nn/device/flags.ts';
import type { Side } from '../benchmark.ts';
import { measure, type SideResult } from '../measure.ts';
import { processSide } from '../process.ts';
import { note } from '../program.ts';
import type { Measured } from '../tensors/index.ts';
import type { Task } from '../tensors/task.ts';
import { StepFailed } from './record.ts';

/** `tf32` computes as float32 code does on GPUs that round the operands of its products to TF32. */
export const precisions = ['float32', 'tf32', 'bfloat16'] as const;
export type GpuPrecision = (typeof precisions)[number];

export interface Place {
  readonly device: 'cpu' | 'gpu';
  /** Of our own processes. */
  readonly env: { readonly [name: string]: string | undefined };
  /** PyTorch's, where there is one; it has CUDA libraries of its own. */
  readonly torch?: { readonly python: string; readonly env: { readonly [name: string]: string | undefined } };
}

const root = join(import.meta.dirname, '..', '..');
const ownProgram = (file: string): string => join(root, 'bench', file);

/** The variables of a process of ours at a precision. */
export const variablesFor = (precision: GpuPrecision, { device, env }: Place): Place['env'] => ({
  ...env,
  ...tensorflowVariables(env, { device, threads: cpus().length }),
  CEMIFLOW_TF32: precision === 'tf32' ? '1' : undefined,
  NVIDIA_TF32_OVERRIDE: precision === 'tf32' ? undefined : '0',
});

/** What PyTorch's side calls it, where TF32 is a switch of its own. */
export const torchPrecision = (precision: GpuPrecision): 'float32' | 'bfloat16' =>
  precision === 'tf32' ? 'float32' : precision;

const ours = (task: Task, precision: GpuPrecision, place: Place): Side =>
  processSide(`cemiflow ${precision}`, () => ({
    file: process.execPath,
    args: ['--import', 'tsx', ownProgram('tensors/ours.ts'), JSON.stringify({ ...task, precision })],
    cwd: root,
    env: variablesFor(precision, place),
  }));

const torch = (
  task: Task,
  precision: GpuPrecision,
  device: Place['device'],
  { python, env }: NonNullable<Place['torch']>,
): Side =>
  processSide(`PyTorch ${precision}`, () => {
    const asked = { ...task, precision: torchPrecision(precision), mode: 'eager', threads: cpus().length };
    const where = { device: device === 'gpu' ? 'cuda' : 'cpu', tf32: precision !== 'float32' };
    return { file: python, args: [ownProgram('gpu/on_device.py'), JSON.stringify({ ...asked, ...where })], env };
  });

/** Starts at once, so that all sides load and compile side by side; the measuring waits for each. */
const started = (side: Side): Side => {
  const ready = side.prepare?.();
  // Awaited by `prepare`; a failure before that must not end the process.
  ready?.catch(() => {});
  return { ...side, prepare: async () => ready };
};

/** Steps of an optimizer, of DDIM with its whole batch, or images, that one repetition does. */
const unitsOf = (task: Task): { unit: string; count: number } => {
  const times = task.times ?? 1;
  if (task.task === 'diffusion/sample') return { unit: 'DDIM steps', count: task.steps * times };
  if (task.task === 'recognizer/embed') return { unit: 'images', count: task.images * times };
  return { unit: 'steps', count: times };
};

/** A GPU does a step in milliseconds: a repetition does many. */
const longer = (task: Task, device: 'cpu' | 'gpu'): Task =>
  device === 'gpu' ? { ...task, times: (task.times ?? 1) * 10 } : task;

/**
 * A row of the benchmarks at all precisions, ours and PyTorch's in turns.
 *
 * @throws StepFailed `RowFailed` where one of our sides failed; what was measured is kept
 */
export const measureRow = async (
  row: Pick<Measured, 'name' | 'work' | 'task'>,
  wanted: readonly GpuPrecision[],
  place: Place,
  rounds: number,
): Promise<JsonObject> => {
  const task = longer(row.task, place.device);
  const own = wanted.map((precision) => ours(task, precision, place));
  const { device, torch: peer } = place;
  const peers = peer ? wanted.map((precision) => torch(task, precision, device, peer)) : [];
  const [first, ...others] = [...own, ...peers].map(started) as [Side, ...Side[]];
  const benchmark = { name: row.name, work: row.work, rounds, sides: async () => ({ ours: first, peers: others }) };
  const result = await measure(benchmark, { env: place.env, folder: root, note });
  const { unit, count } = unitsOf(task);
  const sides = [result.ours, ...result.peers].map((side) => summary(side, count));
  const found = { work: row.work, unit, perRepetition: count, sides } as JsonObject;
  const broken = sides.filter(({ name, error }) => error !== undefined && name.startsWith('cemiflow'));
  if (broken.length === 0) return found;
  throw new StepFailed('RowFailed', broken.map(({ name, error }) => `${name}: ${error}`).join('\n'), {
    remedy: 'see what the process wrote, above',
    found,
  });
};

const summary = ({ name, spread, repetitions, facts, error }: SideResult, count: number) => ({
  name,
  perSecond: spread && count / spread.median,
  seconds: repetitions.map(({ seconds }) => seconds),
  ...(facts ? { facts } : {}),
  ...(error ? { error } : {}),
});
