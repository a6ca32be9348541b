import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { CemiflowError } from '../core/errors.ts';
import { suggest } from '../core/nearest.ts';
import { mergeSpecs } from './merge.ts';
import { applyOverride, type Override, parseOverride } from './overrides.ts';
import { makeSource, Problems } from './problems.ts';
import { atScale, choosesScale } from './scales.ts';
import { type Declaration, readDeclaration } from './structure.ts';
import { withTemplates } from './templates.ts';
import { describe, type Located, type LocatedMap, maxSpecBytes, parseYaml } from './yaml.ts';

/** A spec as declared: read, joined with what it extends and with overrides, its shape checked. Not yet expanded. */
export interface Spec extends Declaration {
  /** Absolute path. */
  readonly file: string;
  readonly overrides: readonly Override[];
  /** The file and those that it extends, as they were read: absolute paths. */
  readonly files: readonly SpecFile[];
  /** Mistakes found so far; expansion adds its own and throws them all together. */
  readonly problems: Problems;
}

export interface SpecFile {
  readonly path: string;
  readonly text: string;
}

export interface ReadOptions {
  /** `--set` arguments, applied in order after all files are joined. */
  readonly set?: readonly string[];
  /** Paths in messages and in `set` are relative to it; the process's own by default. */
  readonly cwd?: string;
}

const maxExtends = 8;

/**
 * @param path of a YAML file, relative to `cwd` or absolute
 * @throws CemiflowError `SpecUnreadable`
 * @throws SpecError where a file is not YAML at all; other mistakes are collected in `problems` until expansion
 */
export const readSpec = (path: string, options: ReadOptions = {}): Spec => {
  const cwd = options.cwd ?? process.cwd();
  const file = resolve(cwd, path);
  const problems = new Problems();
  const fault = unreadable(file);
  if (fault) {
    const { what, remedy } = fault;
    throw new CemiflowError('SpecUnreadable', `${display(file, cwd)} ${what}`, { remedy, data: { file } });
  }
  const reading: Reading = { cwd, problems, files: [], layers: new Map() };
  readFiles(file, reading, []);
  const layers = [...reading.layers.values()];
  const overrides = (options.set ?? []).flatMap((text) => parseOverride(text, cwd, problems) ?? []);
  if (layers.includes(undefined)) problems.throwIfAny();
  let tree = (layers as LocatedMap[]).reduce(mergeSpecs);
  tree = atScale(tree, overrides.findLast(choosesScale), problems);
  for (const override of overrides) if (!choosesScale(override)) tree = applyOverride(tree, override, problems);
  return {
    ...readDeclaration(withTemplates(tree, problems), problems),
    file,
    overrides,
    files: reading.files,
    problems,
  };
};

interface Reading {
  readonly cwd: string;
  readonly problems: Problems;
  /** What has been read so far. */
  readonly files: SpecFile[];
  /** The files' mappings by absolute path, each after those that it extends; undefined for a faulty one. */
  readonly layers: Map<string, LocatedMap | undefined>;
}

/**
 * Reads a file and, before it, those that it extends, recursively. A file that is reached on several ways lies below all that extend it.
 */
const readFiles = (file: string, reading: Reading, users: readonly string[]): void => {
  const { cwd, problems, files, layers } = reading;
  const text = readFileSync(file, 'utf8');
  files.push({ path: file, text });
  const source = makeSource(display(file, cwd), dirname(file), text);
  const tree = parseYaml(source, problems);
  if (tree !== undefined && tree.kind !== 'map') {
    const got = source.text.trim() === '' ? 'an empty file' : describe(tree);
    problems.add({ source, start: 0, end: 1 }, `a spec is a mapping, got ${got}`, 'begin with experiment: <name>');
  }
  if (tree?.kind !== 'map') {
    layers.set(file, undefined);
    return;
  }
  const wanted = tree.entries.get('extends')?.value;
  const given = wanted !== undefined && !(wanted.kind === 'scalar' && wanted.value === null);
  for (const base of given ? (wanted.kind === 'list' ? wanted.items : [wanted]) : [])
    followExtends(base, file, [...users, file], reading);
  const entries = new Map([...tree.entries].filter(([key]) => key !== 'extends'));
  if (!layers.has(file)) layers.set(file, { ...tree, entries });
};

const followExtends = (wanted: Located, file: string, users: readonly string[], reading: Reading): void => {
  const { cwd, problems, layers } = reading;
  const say = (message: string, remedy: string): void => {
    problems.add(wanted, message, remedy);
    layers.set(file, undefined);
  };
  if (wanted.kind !== 'scalar' || typeof wanted.value !== 'string') {
    say('extends must be the path of a file, or a list of paths', 'write extends: ./other.yaml');
    return;
  }
  const base = resolve(dirname(file), wanted.value);
  if (users.includes(base)) {
    const path = [...users.slice(users.indexOf(base)), base].map((user) => display(user, cwd)).join(' → ');
    say(`the files extend each other: ${path}`, 'take one "extends" out');
  } else if (users.length >= maxExtends) say(`specs may extend ${maxExtends} deep`, 'join some of the files');
  else if (!layers.has(base)) {
    const fault = unreadable(base);
    if (fault) say(`${wanted.value} ${fault.what}`, fault.remedy);
    else readFiles(base, reading, users);
  }
};

/** Why a file cannot be a spec, and what to do. */
const unreadable = (file: string): { readonly what: string; readonly remedy: string } | undefined => {
  try {
    const found = statSync(file);
    if (found.isDirectory()) return { what: 'is a folder', remedy: neighbours(join(file, 'spec.yaml')) };
    if (!found.isFile()) return { what: 'is not a file', remedy: 'name a YAML file' };
    if (found.size > maxSpecBytes) {
      const what = `holds ${found.size} bytes, a spec may hold ${maxSpecBytes}`;
      return { what, remedy: 'cut it into files joined by "extends"' };
    }
    accessSync(file, constants.R_OK);
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { what: 'does not exist', remedy: neighbours(file) };
    return { what: `cannot be read (${code ?? message})`, remedy: 'look at its rights, and at where its link leads' };
  }
};

const neighbours = (file: string): string => {
  try {
    const specs = readdirSync(dirname(file)).filter((name) => ['.yaml', '.yml'].includes(extname(name)));
    return suggest(basename(file), specs, `specs in ${dirname(file)}`);
  } catch {
    return `there is no folder ${dirname(file)}`;
  }
};

const display = (file: string, cwd: string): string => {
  const inside = relative(cwd, file);
  return inside === '' || inside.startsWith('..') ? file : join(inside);
};
