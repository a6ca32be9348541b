import { cpus, release, totalmem, type } from 'node:os';
import { versions } from '../setup/layout.mjs';

/** Where the figures were taken. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly os: string;
  readonly node: string;
  /** The pinned version that set-up installs. */
  readonly tensorflow: string;
}

export const benchMachine = (): Machine => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  memoryBytes: totalmem(),
  os: `${type()} ${release()}`,
  node: process.version,
  tensorflow: versions.tensorflow.version,
});
