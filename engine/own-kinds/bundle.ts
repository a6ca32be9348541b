import { readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { CemiflowError } from '../../core/errors.ts';

/**
 * One script of the files of an own kind. All else that they import stays outside.
 *
 * @param folder that holds the kind's files, and nothing else
 * @param urlOf where an import of cemiflow or of a package leads
 * @throws CemiflowError `CodeUnreadable`, also for an import that leaves the folder
 */
export const bundleOwn = async (folder: string, urlOf: (path: string) => string): Promise<string> => {
  try {
    const { outputFiles } = await build({
      absWorkingDir: folder,
      entryPoints: ['stage.ts'],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: 'inline',
      plugins: [outside(urlOf), ownPlaces],
      tsconfigRaw: { compilerOptions: { target: 'ES2022', useDefineForClassFields: true } },
      logLevel: 'silent',
    });
    return outputFiles[0]?.text ?? '';
  } catch (cause) {
    const [first] =
      (cause as { errors?: { text: string; location?: { file: string; line: number } | null }[] }).errors ?? [];
    const at = first?.location ? ` (${first.location.file}:${first.location.line})` : '';
    throw new CemiflowError(
      'CodeUnreadable',
      `the stage kind cannot be bundled: ${first?.text ?? String(cause)}${at}`,
      {
        remedy: "import files of the kind's own folder, cemiflow/stage, cemiflow/tensors, or packages of the checkout",
        data: { folder },
        cause,
      },
    );
  }
};

const outside = (urlOf: (path: string) => string): Plugin => ({
  name: 'outside',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
      if (kind === 'entry-point') return undefined;
      if (path.startsWith('node:') || builtinModules.includes(path)) return { path, external: true };
      return { path: urlOf(path), external: true };
    }),
});

/** Each file finds what lies beside it, though all become one. */
const ownPlaces: Plugin = {
  name: 'own places',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.(ts|mts|js|mjs)$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      if (!text.includes('import.meta.')) return undefined;
      const contents = text
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)));
      return { contents, loader: /ts$/.test(path) ? 'ts' : 'js' };
    }),
};
