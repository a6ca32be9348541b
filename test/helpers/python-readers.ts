import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensureEnvironment } from '../../bench/peers.ts';

const folder = join(import.meta.dirname, '../formats/validators');
const execute = promisify(execFile);

/** What a script of `test/formats/validators/` reads with Python's libraries. They are installed once, in the cache folder. */
export const askReader = async <T>(script: string, ...args: readonly string[]): Promise<T> => {
  const { python } = await ensureEnvironment(
    { name: 'readers', requirements: join(folder, 'requirements.txt') },
    { env: process.env, note: () => {} },
  );
  const { stdout } = await execute(python, [join(folder, script), ...args], { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout);
};
