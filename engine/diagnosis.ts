import { totalmem } from 'node:os';
import type { Machine } from '../core/action.ts';
import { firstVisible, type Gpu, listGpus } from '../nn/device/gpu.ts';
import type { SelfTest } from '../nn/self-test/index.ts';
import { loadedTensorFlow, recordedMachine, type TensorflowSetup } from './machine.ts';

/** What a worker would find on this machine; `cemiflow doctor` shows it. */
export interface Diagnosis {
  /** As action records hold it; without `tensorflow` where that cannot be loaded. */
  readonly machine: Machine;
  readonly memory: { readonly totalBytes: number; readonly availableBytes: number };
  /** Every GPU that the driver lists, before TensorFlow was loaded. */
  readonly gpus: readonly Gpu[];
  /** The index of the one that this process sees first. */
  readonly visibleGpu?: number;
  readonly flags: TensorflowSetup['flags'];
  /** Path of the library that was loaded. */
  readonly library?: string;
  /** Why TensorFlow or the self-test failed. */
  readonly failure?: string;
  readonly selfTest?: readonly SelfTest[];
  /** What the driver saw of the GPU while the self-test ran; absent where TensorFlow uses none. */
  readonly gpuUse?: { readonly takenBytes: number | 'unknown'; readonly utilizationPercent: number | 'unknown' };
}

/** How long each network's speed is measured; long enough for the driver to see the GPU at work. */
const timedMs = 5_000;

/** Loads TensorFlow as a worker does, and trains a little with it. @param options.quick leaves the training out */
export const diagnose = async (setup: TensorflowSetup, { quick }: { quick: boolean }): Promise<Diagnosis> => {
  const gpus = await listGpus();
  const visible = firstVisible(gpus, setup.visibleGpus);
  const found = {
    ...{ gpus, visibleGpu: visible?.index, flags: setup.flags },
    // In a container: what it may have of the machine.
    memory: {
      totalBytes: Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY),
      availableBytes: process.availableMemory(),
    },
  };
  try {
    const { runSelfTests } = await import('../nn/self-test/index.ts');
    const machine = await recordedMachine(setup);
    const seen = { ...found, machine, library: loadedTensorFlow() };
    if (quick) return seen;
    try {
      if (machine.tensorflow?.device !== 'gpu') return { ...seen, selfTest: runSelfTests({ timedMs }) };
      let during: Promise<Gpu[]> | undefined;
      const selfTest = runSelfTests({
        timedMs,
        // The child process asks the driver while this one computes.
        onTimed: () => {
          during ??= listGpus();
        },
      });
      return { ...seen, selfTest, gpuUse: useOf(visible, await during) };
    } catch (error) {
      return { ...seen, failure: messageOf(error) };
    }
  } catch (error) {
    return { ...found, machine: await recordedMachine(), failure: messageOf(error) };
  }
};

const useOf = (before: Gpu | undefined, gpus: readonly Gpu[] = []): NonNullable<Diagnosis['gpuUse']> => {
  const now = gpus.find(({ index }) => index === before?.index);
  const [was, is] = [before?.freeBytes, now?.freeBytes];
  return {
    takenBytes: typeof was === 'number' && typeof is === 'number' ? was - is : 'unknown',
    utilizationPercent: now?.utilizationPercent ?? 'unknown',
  };
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
