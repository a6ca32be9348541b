/**
 * Who may import whom: the only statement of it. `values` may be imported in any way, `types` by `import type` alone. Every
 * folder may import itself. `npm run imports` checks it; no file is part of a circle of imports. (`import { type A }` still loads
 * the file; biome's `useImportType` refuses it.)
 */
const arrows = {
  core: { values: [] },
  // What stage kinds of users import.
  api: { values: ['core', 'artifacts', 'data', 'foreign/metrics.ts', 'nn', 'training'] },
  pipelines: { values: ['api'] },
  schemas: { values: ['core'] },
  spec: { values: ['core', 'schemas'] },
  formats: { values: ['core'] },
  artifacts: { values: ['core', 'formats'], types: ['metrics', 'nn'] },
  data: { values: ['core', 'formats', 'artifacts', 'threads'] },
  threads: { values: ['core'] },
  // Programs that users bring.
  foreign: { values: ['core', 'formats', 'artifacts', 'data', 'setup', 'threads'] },
  faces: { values: ['core', 'artifacts'] },
  metrics: { values: ['core'] },
  nn: { values: ['core', 'setup'] },
  store: { values: ['core', 'threads'] },
  report: { values: ['core', 'formats', 'artifacts', 'data', 'metrics'] },
  training: { values: ['core', 'artifacts', 'formats', 'data', 'nn', 'threads'] },
  methods: { values: ['core', 'artifacts', 'data', 'faces', 'formats', 'metrics', 'nn', 'report', 'training'] },
  activities: {
    values: [
      'core',
      'artifacts',
      'data',
      'faces',
      'foreign',
      'formats',
      'methods',
      'metrics',
      'nn',
      'report',
      'training',
    ],
  },
  engine: { values: ['core', 'artifacts', 'foreign/code.ts', 'formats', 'nn', 'schemas', 'spec', 'store'] },
  workflows: { values: ['core'], types: ['engine'] },
  provenance: {
    values: ['core', 'artifacts', 'data', 'engine', 'metrics', 'report', 'schemas', 'spec'],
    types: ['store'],
  },
  services: { values: ['core', 'setup'] },
  client: {
    // Of nn what describes a network alone: commands load no tensors.
    values: [
      'core',
      'artifacts',
      'engine',
      'foreign/code.ts',
      'formats',
      'nn/recognizer/graph.ts',
      'provenance',
      'schemas',
      'services',
      'spec',
      'store',
    ],
    types: ['workflows'],
  },
  cli: { values: ['core', 'client', 'provenance', 'schemas', 'setup'], types: ['store'] },
  setup: { values: [] },
  docker: { values: ['core', 'spec'] },
  bench: {
    values: [
      'activities',
      'core',
      'artifacts',
      'data',
      'engine',
      'faces',
      'formats',
      'methods',
      'metrics',
      'nn',
      'provenance',
      'services',
      'setup',
      'spec',
      'store',
      'threads',
      'training',
    ],
  },
  'worker.ts': { values: ['core', 'engine', 'nn', 'schemas', 'spec', 'store', 'workflows'] },
  'setup.mjs': { values: ['setup'] },
};

/** Paths of these folders and files, from the root. */
const of = (units) => `^(${units.map((unit) => unit.replaceAll('.', '\\.')).join('|')})(/|$)`;

/** Files of the project: not of packages, nor of Node. */
const ours = { pathNot: '(^|/)node_modules/', dependencyTypesNot: ['core'] };

const byType = ['type-only', 'type-import'];

const follows = Object.entries(arrows).flatMap(([unit, { values, types = [] }]) => [
  {
    name: `${unit} imports only what its arrows allow`,
    severity: 'error',
    from: { path: of([unit]) },
    to: { ...ours, pathNot: [ours.pathNot, of([unit, ...values, ...types])] },
  },
  ...types.map((type) => ({
    name: `${unit} imports ${type} by "import type" alone`,
    severity: 'error',
    from: { path: of([unit]) },
    to: { path: of([type]), dependencyTypesNot: byType },
  })),
]);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...follows,
    { name: 'every folder has arrows', severity: 'error', from: { pathNot: of(Object.keys(arrows)) }, to: ours },
    { name: 'no circles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no import leads nowhere', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: '(^|/)node_modules/' },
    exclude: { path: '^(\\.|node_modules/|test/|scratch/|dist/|shared/|vitest\\.config\\.ts)' },
    tsPreCompilationDeps: true,
    parser: 'tsc',
    enhancedResolveOptions: {
      extensions: ['.ts', '.mts', '.mjs', '.js', '.cjs', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
