/** The process that decodes untrusted images. Started by `examiner.ts`. */
import { serveChild } from '../../threads/serve-child.ts';
import type { Asked, Examined, Examining, Unusable } from './examine.ts';

/** Images that are decoded at a time, of one question. */
const window = 16;

/** What is wanted, once and first; then images. */
export type Question = { readonly wanted: unknown } | { readonly images: readonly Asked[] };

const { examining } = (await import(process.argv[3] as string)) as { readonly examining: Examining<unknown> };
let wanted: unknown;

serveChild(async (question: Question): Promise<(Examined | Unusable)[]> => {
  if ('wanted' in question) {
    wanted = question.wanted;
    return [];
  }
  const { images } = question;
  const answers: (Examined | Unusable)[] = [];
  for (let from = 0; from < images.length; from += window)
    answers.push(
      ...(await Promise.all(images.slice(from, from + window).map((image) => examining.examine(image, wanted)))),
    );
  return answers;
});
