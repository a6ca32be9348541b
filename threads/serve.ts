import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { toPlainError } from '../core/plain-error.ts';
import type { Answer, Order } from './thread.ts';

/** What `Thread` was given as `data`. */
export const threadData = <D>(): D => (workerData as { data: D }).data;

/**
 * Answers the questions that come to this thread. What `perform` does before its first `await` is done before the next question.
 *
 * @param memoryOf memory of an answer that goes over to the one who asked instead of being copied
 */
export const serve = <Q, A>(
  perform: (question: Q) => Promise<A>,
  memoryOf: (answer: A) => ArrayBuffer[] = () => [],
) => {
  const port = parentPort as MessagePort;
  port.on('message', async ({ id, question }: Order) => {
    try {
      const answer = await perform(question as Q);
      port.postMessage({ id, answer } satisfies Answer, memoryOf(answer));
    } catch (error) {
      port.postMessage({ id, error: toPlainError(error) } satisfies Answer);
    }
  });
};
