import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { closureOf, isDeadWeight, type Lock } from '../../../bench/gpu/packages.ts';

const lock: Lock = {
  packages: {
    '': { dependencies: { a: '1' } },
    'node_modules/a': {
      dependencies: { b: '1', c: '1' },
      optionalDependencies: { 'a-linux': '1', gone: '1' },
    },
    'node_modules/a-linux': {},
    'node_modules/a/node_modules/b': { dependencies: { c: '1' } },
    'node_modules/b': {},
    'node_modules/c': { dependencies: { a: '1' } },
    'node_modules/d': {},
  },
};

it('takes what a package depends on, as Node finds it, and of the optional ones those that are known', () => {
  expect(closureOf(lock, ['a'])).toEqual([
    ...['node_modules/a', 'node_modules/a-linux', 'node_modules/a/node_modules/b', 'node_modules/c'],
  ]);
});

it('refuses a package that the lock file does not hold', () => {
  expect(() => closureOf(lock, ['d', 'e'])).toThrow('package-lock.json holds no e');
});

it('finds TensorFlow, and leaves out what the command line alone needs', () => {
  const real = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
  const folders = closureOf(real, ['@tensorflow/tfjs-node-gpu', 'tsx', 'vitest']);
  expect(folders).toContain('node_modules/@tensorflow/tfjs-core');
  expect(folders).not.toContain('node_modules/typescript');
});

it('leaves out what no program loads', () => {
  for (const path of ['a/b.js.map', 'a/tf.min.js', 'a/index.d.ts', 'a/README.md'])
    expect(isDeadWeight(path)).toBe(true);
  for (const path of ['a/tf.node.js', 'a/package.json', 'a/tfjs_binding.node']) expect(isDeadWeight(path)).toBe(false);
});
