import type { Digest } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import { contentDigest } from '../../formats/content.ts';

/** @param content what the file was when the run was planned; absent if that is not to be checked @throws CemiflowError `SourceChanged` */
export const requireUnchanged = async (path: string, content: Digest | undefined): Promise<void> => {
  if (content === undefined || (await contentDigest(path)) === content) return;
  throw new CemiflowError('SourceChanged', 'the weights have changed since the run was planned', {
    remedy: 'run the experiment again: it is planned with the weights as they are now',
  });
};
