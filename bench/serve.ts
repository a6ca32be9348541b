import { createInterface } from 'node:readline';
import type { JsonObject } from '../core/errors.ts';

/**
 * The program's side of `process.ts`: says its facts, then does the work once for every line that comes.
 *
 * @param work one repetition; returns seconds, or an object with them
 */
export const serve = async (
  facts: JsonObject,
  work: (request: JsonObject) => Promise<number | (JsonObject & { seconds: number })>,
): Promise<void> => {
  say(facts);
  for await (const line of createInterface({ input: process.stdin })) {
    const answer = await work(JSON.parse(line));
    say(typeof answer === 'number' ? { seconds: answer } : answer);
  }
};

const say = (value: JsonObject): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

/** Seconds that `work` takes. */
export const timed = async (work: () => unknown): Promise<number> => {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e9;
};
