import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
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

/**
 * A spec of stages that take a moment and do not need each other: each reads the same few photos.
 * @param seed makes its actions differ from those of other specs
 */
export const quickSpec = (
  experiment: string,
  seed: number,
  stages: readonly string[],
  { withReport = false } = {},
): string => {
  const photos = JSON.stringify(join(root, 'pipelines/photos'));
  const lines = stages.map(
    (stage, i) =>
      `  ${stage}: {uses: data/folder, with: {path: ${photos}, size: ${16 + i}, onBadFile: skip}, seed: ${seed}}\n`,
  );
  const file = join(emptyFolder(), 'spec.yaml');
  const samples = stages.map((stage) => `    - {label: ${stage}, data: "\${{ stages.${stage} }}"}\n`);
  const report = `report:\n  title: ${experiment}\n  samples:\n${samples.join('')}`;
  writeFileSync(file, `experiment: ${experiment}\nseed: 1\nstages:\n${lines.join('')}${withReport ? report : ''}`);
  return file;
};

/** Runs a command line in this process. @param heard is told each line that it prints */
export const call = async (
  args: readonly string[],
  home: string,
  heard: (line: string) => void = () => {},
): Promise<CliResult> => {
  let [out, err] = ['', ''];
  const code = await dispatch(args, {
    ...{ env: ownEnv(), cwd: root, home, cores: 2, interrupted: new AbortController().signal },
    ...{ verbose: args.includes('--verbose'), json: args.includes('--json') },
    print: (text) => {
      out += `${text}\n`;
      heard(text);
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
  options: {
    readonly home: string;
    readonly cwd?: string;
    readonly stopAt?: string;
    readonly env?: NodeJS.ProcessEnv;
  },
): Promise<CliResult> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'cli/main.ts'), ...args], {
      // tsx is found from the checkout, wherever the user stands.
      cwd: options.cwd ?? root,
      env: { ...ownEnv(), ...options.env, CEMIFLOW_HOME: options.home },
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
