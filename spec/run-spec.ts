import { basename, dirname, isAbsolute, relative, sep } from 'node:path';
import type { JsonObject } from '../core/errors.ts';
import { literal } from '../core/literal.ts';
import type { RunSpec } from '../core/run-record.ts';
import { parseOverride } from './overrides.ts';
import { makeSource, Problems } from './problems.ts';
import { type Located, type LocatedScalar, parseYaml } from './yaml.ts';

/**
 * A spec as run records keep it, and exports show it: without any path that tells where its files and folders are. Of values that
 * are absolute paths, the texts keep the last name.
 */
export const keptSpec = ({ path, files, savedPlan, overrides, ...rest }: RunSpec): RunSpec => ({
  ...rest,
  path: basename(path),
  ...(overrides && { overrides: keptOverrides(overrides) }),
  ...(files && { files: files.map((file) => ({ path: pathBeside(path, file.path), text: keptText(file.text) })) }),
  ...(savedPlan !== undefined && { savedPlan: basename(savedPlan) }),
});

/** The path of a file relative to the folder of another; only its name where it is outside that folder. */
const pathBeside = (file: string, other: string): string => {
  if (!isAbsolute(other)) return other;
  const path = relative(dirname(file), other);
  return path.startsWith('..') || isAbsolute(path) ? basename(other) : path.split(sep).join('/');
};

const keptText = (text: string): string =>
  withoutPlaces(text, parseYaml(makeSource('spec', '', text), new Problems(), text));

const keptOverrides = ({ set, ...rest }: JsonObject): JsonObject => {
  if (!Array.isArray(set)) return { ...rest, ...(set !== undefined && { set }) };
  const kept = set.map((text) => withoutPlaces(`${text}`, parseOverride(`${text}`, '', new Problems())?.value));
  return { ...rest, set: kept };
};

/** The text with the last name in the place of each absolute path that is a value of the tree, in comments and other texts too. */
const withoutPlaces = (text: string, tree: Located | undefined): string => {
  const paths = tree ? scalarsIn(tree).filter(isPath) : [];
  // From the end, so that the positions of the others stay.
  const hidden = paths.filter(({ value, start, end }) => !text.slice(start, end).includes(value));
  const plain = [...new Map(hidden.map((each) => [each.start, each])).values()]
    .sort((a, b) => b.start - a.start)
    .reduce(
      (left, { value, start, end }) =>
        left.slice(0, start) +
        JSON.stringify(basename(value.trimEnd())) +
        endOf(left.slice(start, end)) +
        left.slice(end),
      text,
    );
  const values = [...new Set(paths.map(({ value }) => value))].sort((a, b) => b.length - a.length);
  return values.reduce((left, path) => left.replace(standingAlone(path), () => basename(path)), plain);
};

type Path = LocatedScalar & { readonly value: string };

const isPath = (scalar: LocatedScalar): scalar is Path =>
  typeof scalar.value === 'string' && isAbsolute(scalar.value) && basename(scalar.value) !== '';

/** White space at the end: a block of text ends with its line. */
const endOf = (text: string): string => text.slice(text.trimEnd().length);

/** Finds the path, but not inside a longer one or a web address. */
const standingAlone = (path: string): RegExp => new RegExp(`(?<![\\w.~/-])${literal(path)}(?![\\w-])`, 'g');

const scalarsIn = (node: Located): LocatedScalar[] => {
  if (node.kind === 'scalar') return [node];
  if (node.kind === 'list') return node.items.flatMap(scalarsIn);
  return [...node.entries.values()].flatMap(({ value }) => scalarsIn(value));
};
