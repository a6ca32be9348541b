#!/usr/bin/env node
import { startBundle } from './bundle/start.mjs';

if (!(await startBundle(process.argv.slice(2), process.env))) {
  const { register } = await import('tsx/esm/api');
  register();
  await import('./main.ts');
}
