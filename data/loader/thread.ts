/** One input thread: does the orders that come, batches handed over without a copy. Started by `workers.ts`. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { toPlainError } from '../../core/plain-error.ts';
import type { Images } from '../images.ts';
import { decodeAll } from './decode.ts';
import type { Maker } from './maker.ts';
import type { Answer, Order } from './messages.ts';

const port = parentPort as MessagePort;
const loaded = import(workerData as string) as Promise<{ readonly maker: Maker<unknown> }>;
const shared = new Map<number, Images>();

const perform = async (order: Exclude<Order, { share: number }>): Promise<Float32Array<ArrayBuffer> | undefined> => {
  if ('decode' in order) await decodeAll(order.decode);
  else return (await loaded).maker.fill(shared.get(order.images) as Images, order.recipe);
};

port.on('message', async (order: Order) => {
  if ('share' in order) {
    shared.set(order.share, order.images);
    return;
  }
  let answer: Answer;
  try {
    answer = { id: order.id, batch: await perform(order) };
  } catch (error) {
    answer = { id: order.id, error: toPlainError(error) };
  }
  port.postMessage(answer, answer.batch ? [answer.batch.buffer] : []);
});
