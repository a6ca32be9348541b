import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { folders } from './sources.mjs';

/** Packages that stay outside: they are large and loaded by few commands, or have native parts. */
const external = ['@temporalio/*', '@tensorflow/*', 'esbuild', 'sharp', 'tsx'];

/** Loads modules of stage kinds by their paths: what these throw must be of the same classes as in the rest of the process. */
const loadsByPath = 'engine/registry.ts';

/**
 * The command line in one script, with the packages that it uses.
 *
 * @param root of the checkout
 * @returns its text, and the names of commands that must run from source
 * @throws where the code cannot be bundled, or takes files from folders whose changes would not be seen
 */
export const buildBundle = async (root) => {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['cli/main.ts'],
    bundle: true,
    write: false,
    metafile: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    external,
    // A script has no `import()`; packages are required.
    supported: { 'dynamic-import': false },
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    charset: 'ascii',
    tsconfigRaw: { compilerOptions: { target: 'ES2022', useDefineForClassFields: true } },
    plugins: [ownPlaces(root)],
    logLevel: 'silent',
  });
  const inputs = Object.keys(metafile.inputs);
  const foreign = inputs.find((path) => !isPackage(path) && !folders.includes(path.split('/')[0]));
  if (foreign) throw new Error(`${foreign} lies in none of ${folders.join(', ')}`);
  return { text: inAscii(outputFiles[0].text), fromSource: fromSource(metafile.inputs) };
};

/** esbuild leaves characters of templates and regular expressions as they are. In ASCII alone, the text is read twice as fast. */
const inAscii = (text) => {
  if (/String\.raw`/.test(text)) throw new Error('String.raw tells an escaped character from a plain one');
  return text.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
};

const isPackage = (path) => path.includes('node_modules/');

/** A script has no `import.meta`: each file's own place is written into it, so that files beside it are found as before. */
const ownPlaces = (root) => ({
  name: 'own places',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.(ts|mjs)$/ }, async ({ path }) => {
      if (isPackage(path) || !path.startsWith(join(root, '/'))) return undefined;
      const text = await readFile(path, 'utf8');
      if (!text.includes('import.meta.')) return undefined;
      const contents = text
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)));
      return { contents, loader: path.endsWith('.ts') ? 'ts' : 'js' };
    }),
});

/** @returns the commands that reach `loadsByPath` */
const fromSource = (inputs) => {
  const reaches = (from, seen = new Set()) => {
    if (from === loadsByPath) return true;
    if (seen.has(from)) return false;
    seen.add(from);
    return (inputs[from]?.imports ?? []).some(({ path, external: outside }) => !outside && reaches(path, seen));
  };
  return Object.keys(inputs).flatMap((path) => {
    const [, name] = /^cli\/commands\/(\w+)\.ts$/.exec(path) ?? [];
    return name && name !== 'index' && reaches(path) ? [name] : [];
  });
};
