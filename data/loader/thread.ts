/** One input thread: does the orders that come, batches handed over without a copy. Started by `workers.ts`. */
import { type MessagePort, parentPort } from 'node:worker_threads';
import type { Images } from '../images.ts';
import { type Job, perform } from './jobs.ts';
import { type Answer, type Order, toPlainError } from './messages.ts';

const port = parentPort as MessagePort;
const shared = new Map<number, Images>();

const jobOf = (order: Exclude<Order, { share: number }>): Job => {
  if ('decode' in order) return order.decode;
  return { images: shared.get(order.fill.images) as Images, recipe: order.fill.recipe };
};

port.on('message', async (order: Order) => {
  if ('share' in order) {
    shared.set(order.share, order.images);
    return;
  }
  let answer: Answer;
  try {
    answer = { id: order.id, batch: await perform(jobOf(order)) };
  } catch (error) {
    answer = { id: order.id, error: toPlainError(error) };
  }
  port.postMessage(answer, answer.batch ? [answer.batch.buffer] : []);
});
