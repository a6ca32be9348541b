/** What a machine with a GPU is asked: does it load, compute right, repeat itself, and how fast. See `README.md`. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import { note, runProgram } from '../program.ts';
import { measured } from '../tensors/index.ts';
import { digest, golden, loadAndTest, lookAtMachine, lookForCuda } from './checks.ts';
import { StepRecord } from './record.ts';
import { type GpuPrecision, measureRow, type Place, precisions } from './rows.ts';
import { speedTable } from './table.ts';

const usage =
  'run.ts [--device gpu|cpu] [--precisions float32,tf32,bfloat16] [--rows NAME,…] [--rounds 5] [--minutes 7] [--python python3] [--out gpu.json]';

const options = {
  device: { type: 'string', default: 'gpu' },
  precisions: { type: 'string', default: precisions.join(',') },
  rows: { type: 'string' },
  python: { type: 'string', default: 'python3' },
  rounds: { type: 'string', default: '5' },
  minutes: { type: 'string', default: '7' },
  out: { type: 'string', default: 'gpu.json' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @throws CemiflowError `Usage` */
const readOptions = () => {
  const { values } = parseArgs({ options });
  const wanted = values.precisions.split(',').map((name) => precisions.find((each) => each === name));
  const rows = values.rows?.split(',') ?? measured.map(({ name }) => name);
  const unknown = rows.find((name) => !measured.some((row) => row.name === name));
  const [rounds, minutes] = [Number(values.rounds), Number(values.minutes)];
  if (values.device !== 'gpu' && values.device !== 'cpu')
    throw usageError(`--device is gpu or cpu, got ${values.device}`);
  if (wanted.includes(undefined)) throw usageError(`--precisions are some of ${precisions.join(', ')}`);
  if (unknown !== undefined)
    throw usageError(`there is no row ${unknown}; the rows are ${measured.map(({ name }) => name).join(', ')}`);
  if (!(Number.isInteger(rounds) && rounds > 0 && minutes > 0)) throw usageError('--rounds and --minutes are above 0');
  return {
    ...values,
    device: values.device as 'cpu' | 'gpu',
    wanted: wanted as GpuPrecision[],
    rows,
    rounds,
    minutes,
    out: resolve(values.out),
  };
};

type Asked = ReturnType<typeof readOptions>;

const usageError = (message: string): CemiflowError => new CemiflowError('Usage', message, { remedy: usage });

/** Digests of all precisions. One that computes as float32 does is not known to this code, or not to this device. */
const compareProcesses = async (record: StepRecord, wanted: readonly GpuPrecision[], place: Place) => {
  const plain = await record.step('digests float32', () => digest('float32', place));
  const kept: GpuPrecision[] = wanted.includes('float32') ? ['float32'] : [];
  for (const precision of wanted.filter((each) => each !== 'float32')) {
    const found = await record.step(`digests ${precision}`, () => digest(precision, place));
    if (found !== undefined && found.digest === plain?.digest)
      record.skip(`rows ${precision}`, 'it has the digest of float32: this code or this device does not know it');
    else kept.push(precision);
  }
  return kept;
};

const measureRows = async (
  record: StepRecord,
  known: readonly GpuPrecision[],
  place: Place,
  asked: Asked,
): Promise<void> => {
  for (const row of measured.filter(({ name }) => asked.rows.includes(name))) {
    if (record.elapsedSeconds > asked.minutes * 60) record.skip(row.name, `the ${asked.minutes} minutes are over`);
    else await record.step(row.name, () => measureRow(row, known, place, asked.rounds));
  }
};

const check = async (record: StepRecord, asked: Asked): Promise<void> => {
  const { device, python } = asked;
  const bare: Place = { device, env: process.env };
  const machine = await record.step('machine', () => lookAtMachine(bare, python));
  const cuda =
    machine &&
    (await record.step('cuda', async () => lookForCuda(bare, python, mkdtempSync(join(tmpdir(), 'cemiflow-cuda-')))));
  if (!machine || !cuda) return;
  const env = {
    ...bare.env,
    LD_LIBRARY_PATH: cuda.path,
    // No server runs here, and doctor is not to miss one.
    ...{ TEMPORAL_ADDRESS: 'none', S3_ENDPOINT: 'none' },
    ...(device === 'cpu' ? { CUDA_VISIBLE_DEVICES: '-1' } : {}),
  };
  const usable = device === 'cpu' ? machine.torch !== null : (machine.torch as JsonObject | null)?.gpu === true;
  const place: Place = { device, env, torch: usable ? { python, env: bare.env } : undefined };
  if (!(await record.step('load', () => loadAndTest(place)))) return;
  await record.step('golden', () => golden(place));
  const known = await compareProcesses(record, asked.wanted, place);
  if (known.length > 0) await measureRows(record, known, place, asked);
};

const main = async (): Promise<number> => {
  const asked = readOptions();
  if (asked.help) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const { device, wanted, rounds, out } = asked;
  const record = new StepRecord(out, { date: new Date().toISOString(), device, precisions: wanted, rounds });
  await check(record, asked);
  note(`every result is in ${out}`);
  process.stdout.write(speedTable(record.steps));
  return record.steps.some(({ state }) => state === 'failed') ? 1 : 0;
};

await runProgram(main);
