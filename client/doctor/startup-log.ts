/** What TensorFlow says of itself on standard error while it starts (at `TF_CPP_MIN_LOG_LEVEL=0`). */
export interface StartupLog {
  /** Whether it said that oneDNN's kernels are used. */
  readonly oneDnn: boolean;
  /** CPU instructions that only parts of it use: `AVX2`, `FMA`, … */
  readonly instructions: readonly string[];
  /** The GPUs that it will use. */
  readonly gpus: readonly { readonly name: string; readonly computeCapability: string }[];
  /** Its warnings and errors about GPUs. */
  readonly troubles: readonly string[];
}

/** Reads both forms of its lines: `2025-09-11 10:45:28.313254: I file.cc:153] …` and `I0000 00:00:1757601929.237732 39879 file.cc:2020] …`. */
export const parseStartupLog = (log: string): StartupLog => ({
  oneDnn: log.includes('oneDNN custom operations are on'),
  instructions: /To enable the following instructions: ([\w ]+),/.exec(log)?.[1]?.split(' ') ?? [],
  gpus: [...log.matchAll(/Created device .*device:GPU:\d+ .*name: ([^,]+),.*compute capability: (\d+\.\d+)/g)].map(
    ([, name = '', computeCapability = '']) => ({ name, computeCapability }),
  ),
  troubles: log
    .split('\n')
    .map((line) => /^(?:\S+ \S+: )?[WE](?:\d{4})? .*?\.cc:\d+\] (.*)$/.exec(line)?.[1] ?? '')
    .filter((message) => /gpu|cuda|cudnn|cuInit|dlopen|libdevice/i.test(message) && !/ALLOW_GROWTH/.test(message)),
});
