import { basename, resolve } from 'node:path';
import { suggest } from '../core/nearest.ts';
import { ownKind } from '../core/stage.ts';
import type { Place, Problems } from './problems.ts';
import { describe, type Located, type LocatedMap } from './yaml.ts';

/** One entry of `stages`; the `report` block is a stage too. */
export interface StageDeclaration {
  readonly name: string;
  /** The stage's name where it was written. */
  readonly at: Place;
  readonly uses: string;
  readonly usesAt: Place;
  /** Absolute path of the folder that `uses` names: a kind of a user's own. */
  readonly folder?: string;
  /** Absent: no parameters given. */
  readonly with?: LocatedMap;
  /** `stages.teacher.with`, or `report`: the path that messages and `--set` use. */
  readonly withPath: string;
  readonly matrix?: LocatedMap;
  readonly seed?: Located;
  /** What the stage's first output should hold. */
  readonly expects?: LocatedMap;
  /** Whether only those of its nodes are made that another needs. */
  readonly onDemand: boolean;
}

/** The parts of a spec, not yet evaluated. */
export interface Declaration {
  readonly experiment: string;
  readonly seed?: Located;
  /** Seeds for each of which the experiment is made. */
  readonly seeds?: Located;
  readonly params: LocatedMap;
  readonly stages: readonly StageDeclaration[];
}

const topKeys = ['experiment', 'description', 'seed', 'seeds', 'extends', 'params', 'templates', 'stages', 'report'];
const stageKeys = ['uses', 'like', 'with', 'matrix', 'seed', 'expects', 'onDemand', 'description'];
const namePattern = /^[a-z][a-z0-9_-]{0,62}$/;
const nameRule = 'a name begins with a small letter and holds small letters, digits, - and _, at most 63';

/** Reads the parts of a spec and reports every mistake in its structure. */
export const readDeclaration = (tree: LocatedMap, problems: Problems): Declaration => {
  unknownKeys(tree, topKeys, 'a spec', 'keys of a spec', problems);
  const experiment = tree.entries.get('experiment');
  const name = experiment ? textOf(experiment.value) : undefined;
  const start = { source: tree.source, start: tree.start, end: tree.start + 1 };
  if (experiment === undefined) problems.add(start, 'the experiment has no name', 'add experiment: <name>');
  else if (name === undefined || !namePattern.test(name)) {
    problems.add(experiment.value, `experiment must be a name, got ${describe(experiment.value)}`, nameRule);
  }
  const seed = tree.entries.get('seed')?.value;
  const seeds = tree.entries.get('seeds')?.value;
  const stages = stagesOf(tree, start, problems);
  const report = tree.entries.get('report');
  if (report) {
    const block = mapOf(report.value, 'report', problems);
    stages.push({
      name: 'report',
      at: report.key,
      uses: 'report/build',
      usesAt: report.key,
      withPath: 'report',
      onDemand: false,
      ...(block ? { with: block } : {}),
    });
  }
  return {
    experiment: name ?? '',
    params: mapOf(tree.entries.get('params')?.value, 'params', problems) ?? {
      ...start,
      kind: 'map',
      entries: new Map(),
    },
    stages,
    ...(seed ? { seed } : {}),
    ...(seeds ? { seeds } : {}),
  };
};

const stagesOf = (tree: LocatedMap, start: Place, problems: Problems): StageDeclaration[] => {
  const entry = tree.entries.get('stages');
  const map = mapOf(entry?.value, 'stages', problems);
  if (entry === undefined || map?.entries.size === 0) {
    problems.add(
      entry?.key ?? start,
      'the experiment has no stages',
      'add stages: {<name>: {uses: <kind>, with: {…}}}',
    );
  }
  return [...(map?.entries ?? [])].flatMap(([name, stage]) => {
    if (name === 'report') {
      problems.add(
        stage.key,
        'no stage may be called "report"',
        'write the report block beside stages, or another name',
      );
      return [];
    }
    if (!namePattern.test(name)) problems.add(stage.key, `"${name}" cannot be the name of a stage`, nameRule);
    return stageOf(name, stage.key, stage.value, problems) ?? [];
  });
};

const stageOf = (name: string, at: Place, value: Located, problems: Problems): StageDeclaration | undefined => {
  const path = `stages.${name}`;
  const map = mapOf(value, path, problems);
  if (map === undefined) {
    if (!problems.has(value)) problems.add(at, `${path} is empty`, `write ${name}: {uses: <kind>, with: {…}}`);
    return undefined;
  }
  unknownKeys(map, stageKeys, 'a stage', 'keys of a stage', problems, `parameters belong under ${path}.with`);
  const uses = map.entries.get('uses');
  const kind = uses ? textOf(uses.value) : undefined;
  // A stage that is still like something has a fault there, which was reported.
  if (uses === undefined && map.entries.has('like')) return undefined;
  if (uses === undefined) problems.add(at, `${path} says no kind`, 'add uses: <kind>, such as data/procedural');
  else if (kind === undefined) {
    problems.add(
      uses.value,
      `${path}.uses must be the name of a kind, got ${describe(uses.value)}`,
      'write <area>/<verb>, or the path of a folder of your own: ./kinds/<name>',
    );
  }
  if (uses === undefined || kind === undefined) return undefined;
  const folder = /^\.{0,2}\//.test(kind) ? resolve(uses.value.source.folder, kind) : undefined;
  const params = mapOf(map.entries.get('with')?.value, `${path}.with`, problems);
  const matrix = mapOf(map.entries.get('matrix')?.value, `${path}.matrix`, problems);
  const seed = map.entries.get('seed')?.value;
  const expects = mapOf(map.entries.get('expects')?.value, `${path}.expects`, problems);
  const onDemand = flagOf(map.entries.get('onDemand')?.value, `${path}.onDemand`, problems);
  return {
    name,
    at,
    uses: folder === undefined ? kind : ownKind(basename(folder)),
    usesAt: uses.value,
    ...(folder === undefined ? {} : { folder }),
    withPath: `${path}.with`,
    onDemand,
    ...(params ? { with: params } : {}),
    ...(matrix ? { matrix } : {}),
    ...(seed ? { seed } : {}),
    ...(expects ? { expects } : {}),
  };
};

const textOf = (node: Located): string | undefined =>
  node.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;

/** False where it is left out. */
const flagOf = (node: Located | undefined, path: string, problems: Problems): boolean => {
  if (node === undefined || (node.kind === 'scalar' && node.value === null)) return false;
  if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
  problems.add(node, `${path} must be true or false, got ${describe(node)}`, 'write true, or leave it out');
  return false;
};

/** The mapping, or undefined where there is none: leaving it out is allowed. */
const mapOf = (node: Located | undefined, path: string, problems: Problems): LocatedMap | undefined => {
  if (node === undefined || (node.kind === 'scalar' && node.value === null)) return undefined;
  if (node.kind === 'map') return node;
  problems.add(node, `${path} must be a mapping, got ${describe(node)}`, 'write key: value pairs under it');
  return undefined;
};

const unknownKeys = (
  map: LocatedMap,
  known: readonly string[],
  owner: string,
  what: string,
  problems: Problems,
  note?: string,
): void => {
  for (const [key, entry] of map.entries) {
    if (known.includes(key)) continue;
    const remedy = [suggest(key, known, what), note].filter(Boolean).join('; ');
    problems.add(entry.key, `${owner} has no key "${key}"`, remedy);
  }
};
