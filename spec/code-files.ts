import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '../core/digest.ts';
import { repository } from '../schemas/kind-places.ts';
import type { CodeFiles } from './code-changes.ts';
import type { CodeDigest } from './code-digest.ts';

/** The code of stage kinds file by file, as it lies on the disk. @param root of the repository */
export const codeFiles = (codes: ReadonlyMap<string, CodeDigest>, root = repository): Map<string, CodeFiles> => {
  const paths = new Set([...codes.values()].flatMap(({ files }) => files));
  const digests = new Map([...paths].map((path) => [path, digestOf(readFileSync(join(root, path)))]));
  return new Map(
    [...codes].map(([kind, { digest, files, packages }]) => [
      kind,
      { digest, files: Object.fromEntries(files.map((path) => [path, digests.get(path) as never])), packages },
    ]),
  );
};
