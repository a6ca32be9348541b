import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/**
 * Who may import whom: the one statement of it. `values` may be imported in any way, `types` by `import type` alone.
 * Everything may import itself; the parts of a folder do not appear.
 */
const arrows: { readonly [from: string]: { readonly values: readonly string[]; readonly types?: readonly string[] } } =
  {
    core: { values: [] },
    schemas: { values: ['core'] },
    spec: { values: ['core', 'schemas'] },
    formats: { values: ['core'] },
    artifacts: { values: ['core', 'formats', 'data'] },
    data: { values: ['core', 'formats', 'artifacts'] },
    faces: { values: ['core', 'artifacts'] },
    metrics: { values: ['core'] },
    nn: { values: ['core'] },
    store: { values: ['core'] },
    report: { values: ['core', 'formats', 'artifacts', 'data'] },
    training: { values: ['core', 'artifacts', 'formats', 'data', 'nn'] },
    methods: { values: ['core', 'artifacts', 'data', 'metrics', 'nn', 'report', 'training'] },
    activities: {
      values: ['core', 'artifacts', 'data', 'faces', 'formats', 'methods', 'metrics', 'nn', 'report', 'training'],
    },
    engine: { values: ['core', 'artifacts', 'formats', 'nn', 'schemas', 'spec', 'store'] },
    workflows: { values: ['core'], types: ['engine'] },
    provenance: {
      values: ['core', 'artifacts', 'data', 'engine', 'metrics', 'report', 'schemas', 'spec'],
      types: ['store'],
    },
    services: { values: ['core', 'setup'] },
    cli: {
      values: ['core', 'artifacts', 'data', 'engine', 'formats', 'provenance', 'schemas', 'services', 'spec', 'store'],
      types: ['workflows'],
    },
    setup: { values: [] },
    docker: { values: ['core', 'spec'] },
    bench: {
      values: [
        'core',
        'artifacts',
        'data',
        'formats',
        'metrics',
        'nn',
        'services',
        'setup',
        'spec',
        'store',
        'training',
      ],
    },
    'worker.ts': { values: ['core', 'engine', 'nn', 'schemas', 'spec', 'store', 'workflows'] },
    'setup.mjs': { values: ['setup'] },
  };

/** Who may read the environment; all others are given what they need. `setup` is `setup.mjs` in parts. */
const environmentReaders = [
  'worker.ts',
  'engine/doctor.ts',
  'engine/replay/main.ts',
  'setup.mjs',
  'setup/',
  'cli/',
  'docker/health.ts',
  'bench/main.ts',
];

const root = fileURLToPath(new URL('..', import.meta.url));

interface Import {
  readonly target: string;
  readonly typeOnly: boolean;
}

/** Every import of a relative path. `import { type T }` is no `import type`: at run time it still loads the file. */
const importsOf = (path: string, text: string): Import[] => {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (!specifier || !ts.isStringLiteralLike(specifier) || !specifier.text.startsWith('.')) return;
    found.push({ target: normalize(join(dirname(path), specifier.text)), typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, node.importClause?.isTypeOnly ?? false);
    if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest));
  return found;
};

const unitOf = (path: string): string => path.split('/')[0] as string;

/** What a file imports against the arrows: `nn/x.ts imports store/index.ts`. */
const faultsOf = (path: string, text: string): string[] => {
  const { values, types = [] } = arrows[unitOf(path)] ?? { values: [] };
  return importsOf(path, text).flatMap(({ target, typeOnly }) => {
    const unit = unitOf(target);
    if (unit === unitOf(path) || values.includes(unit) || (typeOnly && types.includes(unit))) return [];
    return [`${path} imports ${target}${types.includes(unit) ? ' by more than "import type"' : ''}`];
  });
};

const readsEnvironment = (text: string): boolean =>
  /process\s*(\?\.|\.|\[['"])\s*env\b|['"](node:)?process['"]/.test(text);

const isCode = (name: string): boolean => /\.(ts|mjs)$/.test(name) && !name.endsWith('.d.mts');

/** Path from the root and text of every file that the table speaks of. */
const sources = Object.keys(arrows)
  .flatMap((unit) => (isCode(unit) ? [unit] : filesOf(unit)))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

function filesOf(folder: string): string[] {
  try {
    const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
    return names.filter(isCode).map((name) => join(folder, name));
  } catch {
    // A folder of the layout that holds nothing yet.
    return [];
  }
}

describe('imports', () => {
  it('follow the arrows', () => {
    expect(sources.length).toBeGreaterThan(100);
    expect(sources.flatMap(({ path, text }) => faultsOf(path, text))).toEqual([]);
  });

  it.each([
    ['nn/a.ts', "import { openStore } from '../store/index.ts';"],
    ['nn/deep/a.ts', "export * from '../../data/dataset.ts';"],
    ['core/a.ts', "const { tf } = await import('../nn/tf.ts');"],
    ['core/a.ts', "export const a: import('../nn/tf.ts').Tensors = {};"],
    ['metrics/a.ts', "import type { Store } from '../store/index.ts';"],
    ['provenance/a.ts', "import { type Store } from '../store/index.ts';"],
    ['workflows/a.ts', "import { loadStage } from '../engine/registry.ts';"],
    ['report/a.ts', "import '../worker.ts';"],
  ])('against them are found: in %s, %s', (path, text) => {
    expect(faultsOf(path, text)).toHaveLength(1);
  });

  it.each([
    ['provenance/a.ts', "import type { Store } from '../store/index.ts';"],
    ['workflows/a.ts', "import type { Host } from '../engine/host.ts';"],
    ['nn/deep/a.ts', "import { tf } from '../tf.ts';\nimport { digestOf } from '../../core/digest.ts';"],
    ['nn/a.ts', "import { readFileSync } from 'node:fs';\n// import '../store/index.ts'"],
  ])('along them are let through: in %s, %s', (path, text) => {
    expect(faultsOf(path, text)).toEqual([]);
  });

  it('have their arrows for every folder that holds code', () => {
    const folders = readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !/^(\.|node_modules$|test$|scratch$|dist$)/.test(entry.name))
      .filter(({ name }) => filesOf(name).length > 0);
    expect(Object.keys(arrows)).toEqual(expect.arrayContaining(folders.map(({ name }) => name)));
  });
});

describe('the environment', () => {
  it('is read by the entry points alone', () => {
    const readers = sources.filter(({ text }) => readsEnvironment(text)).map(({ path }) => path);
    expect(readers.filter((path) => !environmentReaders.some((allowed) => path.startsWith(allowed)))).toEqual([]);
    expect(readers).toEqual(expect.arrayContaining(['worker.ts', 'setup.mjs', 'cli/main.ts', 'docker/health.ts']));
  });
});
