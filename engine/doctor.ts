import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { workerThreads } from '../nn/device/flags.ts';
import { diagnose } from './diagnosis.ts';
import { setUpTensorflow } from './machine.ts';

/**
 * What TensorFlow sees from a process that is set up as a worker's: one JSON object on standard output, TensorFlow's own
 * log on standard error. "cemiflow doctor" starts it and reads both.
 */
const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const setup = setUpTensorflow(process.env, 'gpu', workerThreads('cpu', cpus().length));
const diagnosis = await diagnose(setup, { quick: values.quick });
process.stdout.write(JSON.stringify(diagnosis), () => process.exit());
