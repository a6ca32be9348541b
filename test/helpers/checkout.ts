import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ownEnv } from './services.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A copy of this checkout, whose code tests may change. */
export interface CheckoutCopy {
  readonly folder: string;
  edit(path: string, from: string, to: string): void;
  /** Runs the copy's own command line. */
  cli(args: readonly string[], home: string): Promise<{ code: number | null; out: string; err: string }>;
}

/** @param of another copy; this checkout by default */
export const copyCheckout = (of = root): CheckoutCopy => {
  const folder = mkdtempSync(join(tmpdir(), 'cemiflow-checkout-'));
  for (const name of readdirSync(of))
    if (!/^(\.|node_modules$|test$|docs$|bench$|reports$)/.test(name))
      cpSync(join(of, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const edit = (path: string, from: string, to: string): void => {
    const before = readFileSync(join(folder, path), 'utf8');
    if (!before.includes(from)) throw new Error(`${path} does not hold ${from}`);
    writeFileSync(join(folder, path), before.replace(from, to));
  };
  const cli: CheckoutCopy['cli'] = (args, home) =>
    new Promise((resolve, reject) => {
      const argv = ['--import', 'tsx', join(folder, 'cli/main.ts'), ...args];
      const child = spawn(process.execPath, argv, { cwd: root, env: { ...ownEnv(), CEMIFLOW_HOME: home } });
      let [out, err] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text;
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        err += text;
      });
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, out, err }));
    });
  return { folder, edit, cli };
};
