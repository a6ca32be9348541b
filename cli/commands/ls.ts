import { type Contents, list } from '../../client/contents.ts';
import { shortDigest } from '../../core/digest.ts';
import { plural } from '../../core/words.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { printResult } from '../session.ts';
import { alignColumns, formatBytes } from '../view/format.ts';

export const run: Run = async ({ first }, session) => {
  const contents = await list(first, callerOf(session));
  const value = 'ref' in contents ? { ...contents.ref, ...contents.manifest } : contents;
  printResult(session, value, linesOf(contents).join('\n'), 2);
  return exitCodes.ok;
};

const linesOf = (contents: Contents): string[] => {
  if ('ref' in contents) {
    const { ref, manifest } = contents;
    const rows = manifest.files.map(({ path, bytes, digest }) => [path, formatBytes(bytes), digest]);
    return [`${ref.type} ${ref.digest}`, ...alignColumns(rows)];
  }
  return alignColumns(
    contents.outputs.map(({ node, output, type, digest, files, bytes }) => [
      ...[`${node}.${output}`, type, shortDigest(digest)],
      ...[plural(files, 'file'), formatBytes(bytes)],
    ]),
  );
};
