/** Hashes and uploads checkpoints, so that the steps go on meanwhile. Started by `writer.ts`. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { toPlainError } from '../../core/plain-error.ts';
import { type S3Config, S3Objects } from '../s3.ts';
import { Checkpoints } from './index.ts';
import type { Answer, Order } from './messages.ts';

const port = parentPort as MessagePort;
const checkpoints = new Checkpoints(new S3Objects(workerData as S3Config));

port.on('message', async ({ id, job }: Order) => {
  let answer: Answer;
  try {
    answer = { id, stored: await checkpoints.save(job) };
  } catch (error) {
    answer = { id, error: toPlainError(error) };
  }
  port.postMessage(answer);
});
