import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One folder for the temporary files of all tests and of what they start, gone with the last of them. */
export default (): (() => void) => {
  const folder = mkdtempSync(join(tmpdir(), 'cemiflow-'));
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
};
