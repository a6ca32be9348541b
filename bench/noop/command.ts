import { spawn } from 'node:child_process';
import { CemiflowError } from '../../core/errors.ts';
import type { Side } from '../benchmark.ts';
import { timed } from '../serve.ts';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: { readonly [name: string]: string | undefined };
}

/**
 * Runs a command to its end.
 *
 * @returns all that it wrote
 * @throws CemiflowError `BenchmarkFailed` unless its exit code is 0
 */
export const execute = ({ file, args, cwd, env }: Command): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (text: string): void => {
      output += text;
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) return resolve(output);
      const name = [file.split('/').at(-1), ...args].join(' ');
      reject(
        new CemiflowError('BenchmarkFailed', `${name} ended with ${code}\n${output.slice(-4096)}`, {
          remedy: `run it by hand in ${cwd}`,
        }),
      );
    });
  });

/**
 * A command from its start to its end, as a person waits for it.
 *
 * @param expected what its output must say: a command that found work to do would be no measure
 */
export const commandSide = (
  name: string,
  expected: RegExp,
  prepare: () => Promise<Command>,
  facts: Side['facts'] = undefined,
): Side => {
  let command: Command;
  return {
    name,
    facts,
    prepare: async () => {
      command = await prepare();
    },
    run: async () => {
      let output = '';
      const seconds = await timed(async () => {
        output = await execute(command);
      });
      if (expected.test(output)) return seconds;
      throw new CemiflowError('BenchmarkFailed', `${name} did not say ${expected}\n${output.slice(-4096)}`, {
        remedy: `run it by hand in ${command.cwd}`,
      });
    },
  };
};
