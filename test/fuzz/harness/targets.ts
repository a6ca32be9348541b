import { readdirSync } from 'node:fs';
import type { FuzzTarget } from '../target.ts';

const folder = new URL('../', import.meta.url);
const others = new Set(['main.ts', 'target.ts']);

/** Names of all targets: each is a file of `test/fuzz`, which exports `target` under the file's name. */
export const targetNames: readonly string[] = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !others.has(file))
  .map((file) => file.slice(0, -'.ts'.length))
  .sort();

/** The module of a target of `test/fuzz`. */
export const moduleOf = (name: string): URL => new URL(`${name}.ts`, folder);

export const loadTarget = async (module: URL): Promise<FuzzTarget> => {
  const { target } = (await import(module.href)) as { target: FuzzTarget };
  return target;
};
