import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, posix, relative, sep } from 'node:path';
import { type BuildResult, build, transform } from 'esbuild';
import { type Digest, digestOf, digestOfJson } from '../core/digest.ts';
import { CemiflowError } from '../core/errors.ts';
import { kindPlaces, placeOfKind, repository } from '../schemas/kind-places.ts';

/** A module's code as it enters action keys. */
export interface CodeDigest {
  readonly digest: Digest;
  /** The module itself, relative to the repository's root. */
  readonly entry: string;
  /** The module's own import closure, relative to the repository's root, sorted. */
  readonly files: readonly string[];
  /** `name@version` of the packages that the code uses, sorted. */
  readonly packages: readonly string[];
}

/**
 * Digests of the stage kinds' code: of each kind's import closure, bundled, tree-shaken and minified, and of the versions
 * of the packages that are left in it. Comments, formatting, types and unused helpers change nothing; where the checkout
 * lies changes nothing.
 *
 * @param root of the repository
 */
export const codeDigests = async (kinds: readonly string[], root = repository): Promise<Map<string, CodeDigest>> => {
  const places = kindPlaces(root);
  const modules = new Map(kinds.map((kind) => [kind, placeOfKind(kind, places).module]));
  const digests = await bundleDigests([...new Set(modules.values())], root);
  return new Map([...modules].map(([kind, module]) => [kind, digests.get(module) as CodeDigest]));
};

/**
 * The code digest of any module, such as one that writes pages.
 *
 * @param module relative to `root`
 * @param cleaned of a bundle's text, what counts; without paths unless given
 */
export const moduleDigest = async (module: string, root = repository, cleaned = withoutPaths): Promise<Digest> =>
  (await moduleCode(module, root, cleaned)).digest;

/** The same, with the files and packages that it is made of. */
export const moduleCode = async (module: string, root: string, cleaned = withoutPaths): Promise<CodeDigest> =>
  (await bundleDigests([module], root, cleaned)).get(module) as CodeDigest;

/** Digest over everything that a worker runs: names the task queues, so that only workers of one build share work. */
export const buildId = async (root = repository): Promise<string> => {
  const workflows = readdirSync(join(root, 'workflows'))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `workflows/${file}`);
  const entries = [
    'worker.ts',
    'api/stage.ts',
    'api/tensors.ts',
    ...kindPlaces(root).map(({ module }) => module),
    ...workflows,
  ];
  const digests = await bundleDigests(entries.filter((file) => existsSync(join(root, file))).sort(), root);
  // A process keeps the packages that it has loaded: stages of users import some that nothing of ours does.
  const installed = join(root, 'node_modules', '.package-lock.json');
  return digestOfJson([
    ...[...digests].map(([entry, { digest }]) => [entry, digest]),
    ...(existsSync(installed) ? [['packages', digestOf(readFileSync(installed))]] : []),
  ]);
};

/** @param entries paths of modules, relative to `root` */
const bundleDigests = async (
  entries: readonly string[],
  root: string,
  cleaned = withoutPaths,
): Promise<Map<string, CodeDigest>> => {
  const bundle = await runEsbuild(entries, root);
  const byFile = await namedDigests(bundle, root, cleaned);
  const found = new Map<string, CodeDigest>();
  for (const [outPath, output] of Object.entries(bundle.metafile.outputs)) {
    if (output.entryPoint === undefined) continue;
    const text = bundle.outputFiles.find((file) => relative(root, file.path) === join(outPath))?.text ?? '';
    const packages = [...new Set(output.imports.filter((each) => each.external).flatMap(({ path }) => packageOf(path)))]
      .map((name) => `${name}@${versionOf(name, root)}`)
      .sort();
    const files = closureOf(output.entryPoint, bundle);
    // Files named by URL (threads, child processes, tables) are not imports, yet they belong to the code that names them.
    const named = files.flatMap((file) => byFile.get(file) ?? []);
    found.set(output.entryPoint, {
      entry: output.entryPoint,
      digest: digestOfJson({
        code: digestOf(await minified(cleaned(text))),
        packages,
        named: named.map(({ digest }) => digest),
      }),
      files: [...new Set([...files, ...named.flatMap((each) => each.files)])].sort(),
      packages,
    });
  }
  return found;
};

/** A module and everything it imports, including what tree-shaking drops: the digest can be computed again from these files. */
const closureOf = (entry: string, { metafile }: Bundle): string[] => {
  const found = new Set<string>();
  const visit = (file: string): void => {
    if (found.has(file)) return;
    found.add(file);
    for (const { path, external } of metafile.inputs[file]?.imports ?? [])
      for (const each of external ? foundIn(path, file, metafile) : [path]) visit(each);
  };
  visit(entry);
  return [...found].sort();
};

/**
 * The files that an import of a pattern means, such as `import(`./blocks/${name}/block.ts`)`: esbuild bundles them all, and lists
 * the pattern alone, as external. None for packages.
 */
const foundIn = (path: string, importer: string, { inputs }: Bundle['metafile']): string[] => {
  if (!path.startsWith('.') || !path.includes('*')) return [];
  const pattern = posix.join(posix.dirname(importer), path).replace(/[.+^${}()|[\]\\]/g, '\\$&');
  const names = new RegExp(`^${pattern.replaceAll('**/', '(?:.+/)?').replace(/\*/g, '[^/]*')}$`);
  return Object.keys(inputs).filter((file) => names.test(file));
};

type Bundle = BuildResult<{ metafile: true; write: false }>;

const runEsbuild = async (entries: readonly string[], root: string): Promise<Bundle> => {
  try {
    return await build({
      absWorkingDir: root,
      entryPoints: [...entries],
      outdir: 'out',
      outbase: '.',
      entryNames: '[dir]/[name]',
      bundle: true,
      write: false,
      metafile: true,
      minifyWhitespace: true,
      minifySyntax: true,
      treeShaking: true,
      legalComments: 'none',
      charset: 'utf8',
      format: 'esm',
      platform: 'node',
      target: 'node20',
      packages: 'external',
      // What kinds of a user's own import, by the name that they know it by.
      alias: { 'cemiflow/stage': './api/stage.ts', 'cemiflow/tensors': './api/tensors.ts' },
      // The folder of such a kind stands among links to this checkout.
      preserveSymlinks: true,
      // One fixed configuration: a tsconfig.json above or beside the checkout must not enter the keys.
      tsconfigRaw: { compilerOptions: { target: 'ES2022', useDefineForClassFields: true } },
      logLevel: 'silent',
    });
  } catch (error) {
    const first = (error as { errors?: { text: string; location: { file: string; line: number } | null }[] })
      .errors?.[0];
    const at = first?.location ? ` (${first.location.file}:${first.location.line})` : '';
    throw new CemiflowError('CodeUnreadable', `the code cannot be bundled: ${first?.text ?? String(error)}${at}`, {
      remedy: 'correct the import or the syntax that is named; "npm run types" finds the like',
      data: { entries: [...entries] },
      cause: error,
    });
  }
};

/**
 * Short names are given in a second pass, over what is left: esbuild chooses them by how often letters occur, and in the
 * first pass it would count the letters of code that is then shaken off.
 */
const minified = async (text: string): Promise<string> =>
  (await transform(text, { loader: 'js', format: 'esm', target: 'node20', charset: 'utf8', minify: true })).code;

/** esbuild wraps what is imported by a pattern, and names each wrapper after its file: where a file lies must change nothing. */
const withoutPaths = (text: string): string => {
  const wrapped = /\b(init_\w+)=(__esm\d*\(\{)"[^"]+"(?=\(\)\{)/g;
  const names = [...text.matchAll(wrapped)].map(([, name]) => name);
  return text.replace(wrapped, '$1=$2""').replace(/\binit_\w+/g, (name) => {
    const at = names.indexOf(name);
    return at < 0 ? name : `init_${at}`;
  });
};

const urlPattern = /new URL\(\s*['"](\.{1,2}\/[^'"]+\.\w+)['"]\s*,\s*import\.meta\.url/g;

/** For each source file that names files by `new URL('./x', import.meta.url)`: the digests of these files. */
const namedDigests = async (
  bundle: Bundle,
  root: string,
  cleaned: (text: string) => string,
): Promise<Map<string, CodeDigest[]>> => {
  const named = new Map<string, string[]>();
  for (const file of Object.keys(bundle.metafile.inputs)) {
    const targets = [...readFileSync(join(root, file), 'utf8').matchAll(urlPattern)]
      .map((match) =>
        relative(root, join(root, dirname(file), match[1] as string))
          .split(sep)
          .join('/'),
      )
      .filter((target) => target !== file && existsSync(join(root, target)));
    if (targets.length > 0) named.set(file, targets);
  }
  const all = [...new Set([...named.values()].flat())].sort();
  const code = all.filter((file) => /\.(ts|mts|mjs|js)$/.test(file));
  const digests = code.length > 0 ? await bundleDigests(code, root, cleaned) : new Map<string, CodeDigest>();
  for (const file of all.filter((each) => !code.includes(each))) {
    digests.set(file, {
      digest: digestOf(readFileSync(join(root, file))),
      entry: file,
      files: [file],
      packages: [],
    });
  }
  return new Map([...named].map(([file, targets]) => [file, targets.flatMap((target) => digests.get(target) ?? [])]));
};

/** `@tensorflow/tfjs-node-gpu/dist/x` → `@tensorflow/tfjs-node-gpu`; nothing for Node's own modules. */
const packageOf = (specifier: string): string[] => {
  if (specifier.startsWith('node:') || builtinModules.includes(specifier)) return [];
  return [
    specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/'),
  ];
};

/** The version installed; where nothing is installed, the one that the lock file names. */
const versionOf = (name: string, root: string): string => {
  const installed = join(root, 'node_modules', name, 'package.json');
  if (existsSync(installed)) return (JSON.parse(readFileSync(installed, 'utf8')) as { version: string }).version;
  const lockFile = join(root, 'package-lock.json');
  const lock = existsSync(lockFile) ? JSON.parse(readFileSync(lockFile, 'utf8')) : {};
  const version: string | undefined = lock.packages?.[`node_modules/${name}`]?.version;
  if (version !== undefined) return version;
  throw new CemiflowError('PackageMissing', `the code imports ${name}, which is not installed`, {
    remedy: 'run "node setup.mjs"',
    data: { name },
  });
};
