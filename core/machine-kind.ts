import type { Machine } from './action.ts';
import { plural } from './words.ts';

/** What two machines share that take equally long: the model of the GPU that computes, or else that of the CPU and its cores. */
export interface MachineKind {
  /** `NVIDIA H200`, `Intel Xeon with 2 cores` */
  readonly name: string;
  /** Where tensors are. */
  readonly device: 'cpu' | 'gpu';
}

export const cpuText = ({ cpu, cores }: Pick<Machine, 'cpu' | 'cores'>): string =>
  `${cpu} with ${plural(cores, 'core')}`;

export const machineKindOf = (machine: Machine): MachineKind => {
  const gpu = machine.tensorflow?.gpu;
  return gpu ? { name: gpu.name, device: 'gpu' } : { name: cpuText(machine), device: 'cpu' };
};
