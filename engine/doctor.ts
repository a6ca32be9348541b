import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { flagsOf, tensorflowVariables, workerThreads } from '../nn/device/flags.ts';
import { diagnose } from './diagnosis.ts';

/**
 * What TensorFlow sees from a process that is set up as a worker's: one JSON object on standard output, TensorFlow's own
 * log on standard error. "cemiflow doctor" starts it and reads both.
 */
const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
Object.assign(
  process.env,
  tensorflowVariables(process.env, { device: 'gpu', threads: workerThreads('cpu', cpus().length) }),
);
const setup = { device: 'gpu', flags: flagsOf(process.env), visibleGpus: process.env.CUDA_VISIBLE_DEVICES } as const;
const diagnosis = await diagnose(setup, { quick: values.quick });
process.stdout.write(JSON.stringify(diagnosis), () => process.exit());
