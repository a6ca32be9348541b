import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import { expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../../workflows', import.meta.url));
const silent = () => {};
const logger = { log: silent, trace: silent, debug: silent, info: silent, warn: silent, error: silent };

test('the workflows bundle, and take nothing in but core and Temporal', async () => {
  // The bundler itself fails on Node's modules and on anything that it cannot resolve.
  const { code } = await bundleWorkflowCode({ workflowsPath: `${folder}/index.ts`, logger });
  expect(code).toContain('experiment');
  const modules = [...code.matchAll(/!\*\*\* \.\/(?!node_modules\/)([\w./-]+) \*\*\*!/g)].map(
    (match) => match[1] as string,
  );
  expect(modules.filter((file) => !/^(core|workflows)\//.test(file))).toEqual([]);
});

test('workflows see of activities only their types', () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts'))) {
    const text = readFileSync(`${folder}/${file}`, 'utf8');
    const imports = [...text.matchAll(/^import (type )?[^;]*? from '\.\.\/(\w+)\//gms)];
    for (const [, type, from] of imports) expect(type !== undefined || from === 'core', `${file}: ${from}`).toBe(true);
  }
});
