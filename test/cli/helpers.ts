import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dispatch } from '../../cli/dispatch.ts';
import { ownEnv } from '../helpers/services.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** An empty folder, to be a state folder or a working folder. */
export const emptyFolder = (): string => mkdtempSync(join(tmpdir(), 'cemiflow-cli-'));

/** Runs a command line in this process. */
export const call = async (args: readonly string[], home: string): Promise<CliResult> => {
  let [out, err] = ['', ''];
  const code = await dispatch(args, {
    ...{ env: ownEnv(), cwd: root, home, cores: 2, interrupted: new AbortController().signal },
    ...{ verbose: args.includes('--verbose'), json: args.includes('--json') },
    print: (text) => {
      out += `${text}\n`;
    },
    note: (text) => {
      err += `${text}\n`;
    },
  });
  return { code, out, err };
};

/** Runs the command line as a user does. `stopAt` sends Ctrl-C once the output holds it. */
export const cli = (
  args: readonly string[],
  options: { readonly home: string; readonly cwd?: string; readonly stopAt?: string },
): Promise<CliResult> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'cli/main.ts'), ...args], {
      // tsx is found from the checkout, wherever the user stands.
      cwd: options.cwd ?? root,
      env: { ...ownEnv(), CEMIFLOW_HOME: options.home },
    });
    let [out, err, stopped] = ['', '', false];
    const seen = (): void => {
      if (stopped || !options.stopAt || !(out + err).includes(options.stopAt)) return;
      stopped = true;
      child.kill('SIGINT');
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      seen();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
      seen();
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, err }));
  });
