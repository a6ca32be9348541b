import { execFile } from 'node:child_process';

type Known<T> = T | 'unknown';

/** One GPU as its driver tells of it. What the driver does not tell is `unknown`. */
export interface Gpu {
  /** Its number for nvidia-smi, and for CUDA in the order of the PCI bus. */
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  readonly driver: string;
  /** `9.0`; TF32 needs 8.0. */
  readonly computeCapability: string;
  readonly totalBytes: Known<number>;
  readonly freeBytes: Known<number>;
  /** Share of the last moments in which it computed, 0 to 100. */
  readonly utilizationPercent: Known<number>;
}

const fields = ['index', 'uuid', 'name', 'driver_version', 'memory.total', 'memory.free', 'utilization.gpu'];
const timeoutMs = 20_000;

/** The machine's NVIDIA GPUs by `nvidia-smi`; none where it is missing or fails. */
export const listGpus = async (): Promise<Gpu[]> => {
  // Drivers before 510 do not know compute_cap, and refuse the whole query for it.
  const text = (await query([...fields, 'compute_cap'])) ?? (await query(fields));
  return text === undefined ? [] : parseGpus(text);
};

const query = (names: readonly string[]): Promise<string | undefined> =>
  new Promise((resolve) => {
    const args = [`--query-gpu=${names.join(',')}`, '--format=csv'];
    execFile('nvidia-smi', args, { timeout: timeoutMs }, (error, stdout) => resolve(error ? undefined : stdout));
  });

/** @param csv what `nvidia-smi --query-gpu=… --format=csv` prints: names in the first line, then a line for each GPU */
export const parseGpus = (csv: string): Gpu[] => {
  const [head = '', ...lines] = csv.split('\n').filter((line) => line.trim() !== '');
  const names = cells(head).map((name) => name.replace(/ \[.*\]$/, ''));
  return lines.flatMap((line) => {
    const row = new Map(cells(line).map((cell, i) => [names[i], cell]));
    const text = (name: string): string => {
      const cell = row.get(name) ?? '';
      return cell === '' || /^\[?(N\/A|Not Supported|Unknown Error|Insufficient Permissions)\]?$/i.test(cell)
        ? 'unknown'
        : cell;
    };
    const number = (name: string, unit: number): Known<number> => {
      const value = Number.parseFloat(text(name));
      return Number.isFinite(value) ? value * unit : 'unknown';
    };
    const index = number('index', 1);
    // A message in place of a table: "No devices were found".
    if (index === 'unknown') return [];
    return {
      index,
      uuid: text('uuid'),
      name: text('name'),
      driver: text('driver_version'),
      computeCapability: text('compute_cap'),
      totalBytes: number('memory.total', mebibyte),
      freeBytes: number('memory.free', mebibyte),
      utilizationPercent: number('utilization.gpu', 1),
    };
  });
};

const mebibyte = 1024 * 1024;
const cells = (line: string): string[] => line.split(',').map((cell) => cell.trim());

/**
 * The GPU that a process with this `CUDA_VISIBLE_DEVICES` calls its first, or undefined where it sees none that is
 * listed (a slice of a GPU, `MIG-…`, is not).
 */
export const firstVisible = (gpus: readonly Gpu[], visible: string | undefined): Gpu | undefined => {
  if (visible === undefined) return gpus[0];
  const first = visible.split(',')[0]?.trim() ?? '';
  return gpus.find(
    ({ index, uuid }) => first === String(index) || (first.startsWith('GPU-') && uuid.startsWith(first)),
  );
};

/** Whether a GPU computes float32 products in TF32 where it is allowed to; `unknown` where its capability is. */
export const hasTf32 = ({ computeCapability }: Pick<Gpu, 'computeCapability'>): Known<boolean> =>
  computeCapability === 'unknown' ? 'unknown' : Number.parseInt(computeCapability, 10) >= 8;
