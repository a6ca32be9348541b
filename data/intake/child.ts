/** The process that decodes untrusted images. Started by `examiner.ts`. */
import { serveChild } from '../../threads/serve-child.ts';
import type { Asked, Examined, Examining, Unusable } from './examine.ts';

/** Images that are decoded at a time, of one question. */
const window = 16;

export interface Question {
  readonly images: readonly Asked[];
  readonly wanted: unknown;
}

const loaded = import(process.argv[3] as string) as Promise<{ readonly examining: Examining<unknown> }>;

await loaded;
serveChild(async ({ images, wanted }: Question): Promise<(Examined | Unusable)[]> => {
  const { examine } = (await loaded).examining;
  const answers: (Examined | Unusable)[] = [];
  for (let from = 0; from < images.length; from += window)
    answers.push(...(await Promise.all(images.slice(from, from + window).map((image) => examine(image, wanted)))));
  return answers;
});
