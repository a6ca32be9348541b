import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectDir } from '../services/paths.ts';

/** What runs: the package's version, and its commit. */
export interface Version {
  readonly version: string;
  /** `7f2c3e1a9b04`, with `-dirty` where files were changed since; absent outside a git checkout. */
  readonly commit?: string;
}

/** The package's version, and the git commit of the checkout where it is one. */
export const versionOf = async (project = projectDir): Promise<Version> => {
  const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { version: string };
  // A folder without .git may lie inside somebody else's checkout, whose commit says nothing of it.
  return { version, commit: existsSync(join(project, '.git')) ? await commitOf(project) : undefined };
};

const commitOf = (project: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    const args = ['describe', '--always', '--dirty', '--exclude=*', '--abbrev=12'];
    execFile('git', args, { cwd: project, timeout: 10_000 }, (error, out) => resolve(error ? undefined : out.trim()));
  });
