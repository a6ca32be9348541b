import { dirname, relative } from 'node:path';
import { type Digest, shortDigest } from '../../core/digest.ts';
import type { Diagnosis } from '../../engine/diagnosis.ts';
import type { Installation } from '../../services/installation.ts';
import { type Check, failed, formatBytes, note, ok } from './check.ts';
import type { Examination } from './diagnosis.ts';
import { parseStartupLog, type StartupLog } from './startup-log.ts';

const leastMemoryBytes = 1e9;
/** Beyond this, compiled and eager steps do not compute the same. On a CPU they differ by rounding at most. */
const largestDifference = 1e-3;

/** What TensorFlow sees and does here. @param quick whether the self-test was left out */
export const tensorChecks = (examination: Examination, installation: Installation, quick: boolean): Check[] => {
  const { diagnosis, log: text, end } = examination;
  if (!diagnosis)
    return [failed('process', `ended with ${end} before it had answered${lastLine(text)}`, crashRemedy(end))];
  const log = parseStartupLog(text);
  return [
    ...machineChecks(diagnosis, log),
    ...libraryChecks(diagnosis, installation),
    ...deviceChecks(diagnosis, log, installation),
    ...kernelChecks(diagnosis, installation),
    ...flagChecks(diagnosis, log),
    ...(quick || !diagnosis.machine.tensorflow ? [] : selfTestChecks(diagnosis)),
  ];
};

const crashRemedy = (end: string): string => {
  if (end === 'signal SIGILL')
    return 'this CPU lacks instructions that the TensorFlow library needs (AVX): use another one';
  if (end === 'signal SIGTERM') return 'it took too long: look at the load of this machine, then try again';
  return 'run "node setup.mjs"; if that does not help, "node --import tsx engine/doctor.ts" shows all that it says';
};

const lastLine = (text: string): string => {
  const line = text.trimEnd().split('\n').at(-1) ?? '';
  return line === '' ? '' : `: ${line.slice(0, 200)}`;
};

const machineChecks = ({ machine, memory, flags }: Diagnosis, log: StartupLog): Check[] => {
  const sets = machine.instructions?.join(' ') || 'unknown';
  const heavy = log.instructions.length > 0 ? `; in TensorFlow's heavy ops: ${log.instructions.join(' ')}` : '';
  const found = `${formatBytes(memory.totalBytes)}, ${formatBytes(memory.availableBytes)} free`;
  return [
    ok('CPU', `${machine.cpu}, ${machine.cores} cores`),
    ok('instructions', `${sets}${heavy}`),
    ok('threads', `${flags.intraOpThreads} in an op, ${flags.interOpThreads} ops at once`),
    memory.availableBytes < leastMemoryBytes
      ? failed('memory', found, 'end other programs, or take a machine with more')
      : ok('memory', found),
  ];
};

const libraryChecks = ({ machine, library, failure }: Diagnosis, { cache, tensorflow }: Installation): Check[] => {
  const loaded = machine.tensorflow;
  if (!loaded || !library) {
    const why = failure?.split('\n')[0] ?? 'TensorFlow was not loaded';
    return [failed('library', why, 'run "node setup.mjs"')];
  }
  const place = relative(cache, library);
  const found = `${loaded.version}, ${place}, ${shortOf(loaded.library)}`;
  const expected = tensorflow.digests?.[relative(tensorflow.folder, place)];
  if (expected === undefined)
    return [note('library', `${found}, which is not the one that set-up would take`, 'run "node setup.mjs"')];
  if (expected === loaded.library) return [ok('library', found)];
  const remedy = `delete ${tensorflow.folder} in ${cache}, then run "node setup.mjs"`;
  return [failed('library', `${found}, but ${shortOf(expected as Digest)} was installed`, remedy)];
};

const shortOf = (digest: Digest): string => `sha256:${shortDigest(digest)}`;

const deviceChecks = (
  { machine, gpus, visibleGpu }: Diagnosis,
  log: StartupLog,
  installation: Installation,
): Check[] => {
  const device = machine.tensorflow?.device;
  const listed = gpus.map((gpu) => {
    const capability = gpu.computeCapability === 'unknown' ? capabilityIn(log, gpu.name) : gpu.computeCapability;
    const room = `${formatBytes(gpu.totalBytes)}, ${formatBytes(gpu.freeBytes)} free`;
    const seen = gpu.index === visibleGpu ? '' : ', not looked at';
    return ok(
      `GPU ${gpu.index}`,
      `${gpu.name}, compute capability ${capability}, driver ${gpu.driver}, ${room}${seen}`,
    );
  });
  if (device === undefined) return listed;
  if (device === 'gpu') return [...listed, ok('device', `GPU${gpus.length === 0 ? '; nvidia-smi lists nothing' : ''}`)];
  if (installation.tensorflow.variant === 'gpu') {
    const why = log.troubles[0] ?? 'TensorFlow does not say why';
    const remedy = 'see that nvidia-smi lists a GPU and CUDA_VISIBLE_DEVICES allows it; then run "node setup.mjs"';
    return [...listed, failed('device', `CPU, though this is the CUDA build: ${why}`, remedy)];
  }
  if (gpus.length > 0) {
    const remedy = 'to use it, run "node setup.mjs" with CEMIFLOW_TENSORFLOW unset (x86-64 only)';
    return [...listed, note('device', 'CPU: this is the CPU build, though there is a GPU', remedy)];
  }
  return [ok('device', 'CPU; nvidia-smi finds no GPU')];
};

/** Our own kernels are faster, so their absence is worth a line, where nobody asked for it. */
const kernelChecks = ({ machine: { tensorflow } }: Diagnosis, { cache, kernels }: Installation): Check[] => {
  if (!tensorflow) return [];
  const composed = "TensorFlow's own";
  if (tensorflow.kernels === 'native') return [ok('kernels', `our own, for ${kernels.level}`)];
  if (tensorflow.device === 'gpu') return [ok('kernels', `${composed}, as on every GPU`)];
  if (kernels.refused) return [ok('kernels', `${composed}, by CEMIFLOW_KERNELS`)];
  const slower = `${composed}, so that training takes longer`;
  if (kernels.failure === undefined)
    return [note('kernels', `${slower}: ours are not built for this processor`, 'run "node setup.mjs"')];
  const remedy = `read ${kernels.failure} in ${cache}; to try again, delete ${dirname(kernels.failure)} there and run "node setup.mjs"`;
  return [note('kernels', `${slower}: ours do not compile here`, remedy)];
};

const capabilityIn = (log: StartupLog, name: string): string =>
  log.gpus.find((gpu) => gpu.name === name)?.computeCapability ?? 'unknown';

const flagChecks = ({ machine, flags, gpus, visibleGpu }: Diagnosis, log: StartupLog): Check[] => {
  if (!machine.tensorflow) return [];
  return [
    ok(
      'TF32',
      flags.tf32
        ? tf32Of(machine.tensorflow, gpus.find(({ index }) => index === visibleGpu)?.name, log)
        : 'off; CEMIFLOW_TF32=1 turns it on, for precision: tf32',
    ),
    ok('XLA', flags.xla === 'off' ? 'off' : `on by ${flags.xla}`),
    oneDnnCheck(flags.oneDnn, log.oneDnn),
    ok('deterministic ops', flags.deterministicOps ? 'on' : 'off'),
  ];
};

const tf32Of = (
  { device, gpu }: NonNullable<Diagnosis['machine']['tensorflow']>,
  name: string | undefined,
  log: StartupLog,
): string => {
  if (device === 'cpu') return 'allowed; of no effect on a CPU';
  const known = gpu?.computeCapability ?? 'unknown';
  const capability = known === 'unknown' ? capabilityIn(log, name ?? log.gpus[0]?.name ?? '') : known;
  if (capability === 'unknown') return 'allowed; whether this GPU has it is unknown';
  return Number.parseInt(capability, 10) >= 8 ? 'on' : `allowed; a GPU of compute capability ${capability} lacks it`;
};

/** What was asked for and what TensorFlow says must be the same, or records are wrong. */
const oneDnnCheck = (asked: boolean | 'unknown', said: boolean): Check => {
  const found = said ? 'on' : 'off';
  if (asked === 'unknown' || asked === said) return ok('oneDNN', found);
  const remedy = 'set TF_ENABLE_ONEDNN_OPTS to what TensorFlow does, so that records of runs are right';
  return note('oneDNN', `${found}, though it was asked to be ${asked ? 'on' : 'off'}`, remedy);
};

const selfTestChecks = ({ selfTest, failure, gpuUse }: Diagnosis): Check[] => {
  if (!selfTest)
    return [
      failed('self-test', failure ?? 'did not run', 'run "node --import tsx engine/doctor.ts" to see all that it says'),
    ];
  const trained = selfTest.map(({ network, stepsPerSecond, compileSeconds, eagerDifference, repeatable }) => {
    const speed = `${stepsPerSecond.toFixed(1)} step/s, compiled in ${compileSeconds.toFixed(2)} s`;
    const name = `trains ${network}`;
    // JSON has no infinity: where a loss was no number, null is here.
    if (eagerDifference === null || eagerDifference > largestDifference) {
      const how = `compiled losses differ from eager ones by ${percent(eagerDifference)}`;
      return failed(name, `${speed}; ${how}`, 'do not trust results of this machine; report this with "--json"');
    }
    if (!repeatable) {
      const remedy = 'results will not be bit-identical on this machine; report this with "--json"';
      return failed(name, `${speed}; two runs differ`, remedy);
    }
    return ok(name, `${speed}; as eager to ${percent(eagerDifference)}; two runs equal bit for bit`);
  });
  return [...trained, ...(gpuUse ? [useCheck(gpuUse)] : [])];
};

/** `0 %`, `8.7e-6 %` */
const percent = (part: number | null): string =>
  part === null ? 'no number' : `${part === 0 ? '0' : (part * 100).toPrecision(2)} %`;

const useCheck = ({ takenBytes, utilizationPercent }: NonNullable<Diagnosis['gpuUse']>): Check => {
  const busy = utilizationPercent === 'unknown' ? 'load unknown' : `${utilizationPercent} % busy`;
  const found = `${busy}, ${formatBytes(takenBytes)} taken while training`;
  if (utilizationPercent === 0)
    return failed('GPU in use', found, 'the work did not reach the GPU: run "node setup.mjs", and look at nvidia-smi');
  if (utilizationPercent === 'unknown' && takenBytes === 'unknown')
    return note('GPU in use', 'unknown: nvidia-smi shows neither load nor memory', 'watch the GPU while a run trains');
  return ok('GPU in use', found);
};
