import { CemiflowError } from '../core/errors.ts';
import type { Source, SourceFile } from './source.ts';

/**
 * The one file of a source that holds the set.
 *
 * @param noun what messages call it: `.rec file`
 * @throws CemiflowError `PackAmbiguous`
 */
export const onlyFile = (
  source: Source,
  { isOne, noun, remedy }: { isOne: (file: SourceFile) => boolean; noun: string; remedy: string },
): SourceFile => {
  const found = source.files.filter(isOne);
  const [file] = found;
  if (file !== undefined && found.length === 1) return file;
  const paths = found.map(({ path }) => path).slice(0, 5);
  const got = found.length === 0 ? 'none' : `${found.length}: ${paths.join(', ')}`;
  throw new CemiflowError('PackAmbiguous', `${source.name} must hold one ${noun}, got ${got}`, {
    remedy,
    data: { source: source.name, found: paths },
  });
};
