import { toPlainError } from '../core/plain-error.ts';

/** Answers the questions that come to this child process, several at a time. The process ends with the one that started it. */
export const serveChild = <Q, A>(perform: (question: Q) => Promise<A>): void => {
  process.on('disconnect', () => process.exit());
  process.send?.({ ready: true });
  process.on('message', async ({ id, question }: { id: number; question: Q }) => {
    try {
      process.send?.({ id, answer: await perform(question) });
    } catch (error) {
      process.send?.({ id, error: toPlainError(error) });
    }
  });
};
