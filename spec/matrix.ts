import type { Json } from '../core/errors.ts';
import { type Axes, axisNames, combinations, type Matrix, matches, matrixOf, type Point } from '../core/expand.ts';
import { suggest } from '../core/nearest.ts';
import type { Scalar } from '../core/references.ts';
import { plural } from '../core/words.ts';
import { type Expanding, scopeOf } from './expanding.ts';
import type { Place } from './problems.ts';
import type { StageDeclaration } from './structure.ts';
import { evaluate } from './values.ts';
import { describe, type Located, type LocatedMap } from './yaml.ts';

const maxPointsPerStage = 1000;
/** What a faulty matrix counts as: references into it are then not reported as well. */
const nothing: Matrix = { axes: {}, points: [], zipped: [] };

/** The nodes that a stage's matrix makes; without one, a single node. */
export const matrixOfStage = (expanding: Expanding, stage: StageDeclaration): Matrix =>
  stage.matrix === undefined ? matrixOf({ axes: {} }) : new MatrixReader(expanding, stage).read(stage.matrix);

/** Where a matrix names an axis. */
export const placeOfAxis = (matrix: LocatedMap, axis: string): Place | undefined => {
  const places = (node: Located | undefined): readonly Place[] => {
    if (node?.kind === 'list') return node.items.flatMap(places);
    return node?.kind === 'map' ? [node.entries.get(axis)?.key ?? []].flat() : [];
  };
  const under = (key: string): readonly Place[] => places(matrix.entries.get(key)?.value);
  return [...places(matrix), ...under('zip'), ...under('include')][0];
};

class MatrixReader {
  readonly #at: Expanding;
  readonly #stage: StageDeclaration;
  readonly #path: string;
  #faulty = false;

  constructor(expanding: Expanding, stage: StageDeclaration) {
    this.#at = expanding;
    this.#stage = stage;
    this.#path = `stages.${stage.name}.matrix`;
  }

  read(matrix: LocatedMap): Matrix {
    const { zip: zipNode, include: includeNode, exclude: excludeNode, ...own } = Object.fromEntries(matrix.entries);
    const axes: { [axis: string]: readonly Scalar[] } = {};
    for (const [axis, { key, value }] of Object.entries(own)) axes[axis] = this.#axis(axis, key, value, this.#path);
    const zip = zipNode ? this.#zip(zipNode.value, axes) : [];
    const names = axisNames(Object.assign({}, axes, ...zip));
    const exclude = excludeNode ? this.#points('exclude', excludeNode.value) : [];
    const include = includeNode ? this.#points('include', includeNode.value) : [];
    if (this.#faulty) return nothing;
    const parts = { axes, zip, exclude: exclude.map(({ point }) => point), include: include.map(({ point }) => point) };
    if (combinations(parts) + include.length > maxPointsPerStage) {
      const count = plural(combinations(parts) + include.length, 'node');
      const message = `stages.${this.#stage.name} expands to ${count}, at most ${maxPointsPerStage} are allowed`;
      return this.#say(this.#stage.at, message, 'shorten an axis');
    }
    const combined = matrixOf({ axes, zip }).points;
    for (const { point, at } of exclude) this.#checkExcluded(point, at, names, combined);
    this.#checkIncluded(include, names, matrixOf({ ...parts, include: [] }).points);
    if (this.#faulty) return nothing;
    const made = matrixOf(parts);
    if (made.points.length > 0) return made;
    return this.#say(this.#stage.at, `${this.#path} excludes all of its nodes`, 'exclude fewer');
  }

  #say(at: Place, message: string, remedy: string): Matrix {
    this.#at.spec.problems.add(at, message, remedy);
    this.#faulty = true;
    return nothing;
  }

  #evaluated(node: Located): Json | undefined {
    const value = evaluate(node, scopeOf(this.#at, this.#path));
    if (!this.#at.failed.has(node)) return value;
    this.#faulty = true;
    return undefined;
  }

  /** @param repeats whether a value may stand twice */
  #axis(axis: string, key: Place, value: Located, owner: string, repeats = false): readonly Scalar[] {
    const path = `${owner}.${axis}`;
    const values = this.#evaluated(value);
    const origin = this.#at.params.originOf(value);
    if (values === undefined) return [];
    if (!/^[A-Za-z_][\w-]*$/.test(axis)) {
      this.#say(key, `"${axis}" cannot name an axis`, 'use letters, digits, - and _');
    } else if (!Array.isArray(values)) {
      this.#say(value, `${path} must be a list of values, got ${describe(origin)}`, 'write [0, 0.5]');
    } else if (values.length === 0) {
      this.#say(value, `${path} has no values`, 'give at least one, or take the matrix out');
    } else return this.#values(path, values, origin, repeats);
    return [];
  }

  #values(path: string, values: readonly Json[], origin: Located, repeats: boolean): Scalar[] {
    const seen = new Set<string>();
    return values.flatMap((value, i) => {
      const at = (origin.kind === 'list' ? origin.items[i] : undefined) ?? origin;
      if (this.#at.failed.has(at)) return [];
      const scalar = this.#scalar(path, value, at);
      if (scalar === undefined) return [];
      if (!repeats && seen.has(String(scalar))) this.#say(at, `${path} holds ${scalar} twice`, 'keep one of the two');
      seen.add(String(scalar));
      return [scalar];
    });
  }

  #scalar(path: string, value: Json, at: Place): Scalar | undefined {
    const fits = typeof value === 'number' || typeof value === 'boolean' || /^[\w.+-]{1,40}$/.test(String(value));
    if (value !== null && typeof value !== 'object' && fits) return value;
    const remedy = 'use numbers, true, false, or words of letters, digits, and . _ + - (they name nodes)';
    this.#say(at, `${path} holds a value that cannot name a node`, remedy);
    return undefined;
  }

  /** Groups of axes that vary together: one mapping, or a list of them. */
  #zip(node: Located, axes: Axes): Axes[] {
    const path = `${this.#path}.zip`;
    const groups = node.kind === 'list' ? node.items : [node];
    const taken = new Set(Object.keys(axes));
    return groups.map((group) => {
      if (group.kind !== 'map' || group.entries.size < 2) {
        const got = group.kind === 'map' ? plural(group.entries.size, 'axis', 'axes') : describe(group);
        this.#say(
          group,
          `${path} joins two axes or more, got ${got}`,
          'write zip: {subjects: [10, 20], images: [5, 3]}',
        );
        return {};
      }
      const read = [...group.entries].map(([axis, { key, value }]) => {
        if (taken.has(axis)) this.#say(key, `${this.#path} has the axis ${axis} twice`, 'keep one of the two');
        taken.add(axis);
        return { axis, value, values: this.#axis(axis, key, value, path, true) };
      });
      const [first] = read as [(typeof read)[number]];
      const other = read.find(({ values }) => values.length !== first.values.length);
      if (other && !this.#faulty) {
        const lengths = `${first.axis} has ${plural(first.values.length, 'value')}, ${other.axis} has ${other.values.length}`;
        this.#say(
          other.value,
          `axes that vary together are of one length: ${lengths}`,
          'give each the same number of values',
        );
      }
      return Object.fromEntries(read.map(({ axis, values }) => [axis, values]));
    });
  }

  /** What `include` and `exclude` list. */
  #points(key: 'include' | 'exclude', node: Located): { readonly point: Point; readonly at: Located }[] {
    const path = `${this.#path}.${key}`;
    const list = this.#at.params.originOf(node);
    const values = this.#evaluated(node);
    if (values === undefined) return [];
    if (!Array.isArray(values) || list.kind !== 'list') {
      this.#say(node, `${path} must be a list of points, got ${describe(list)}`, `write ${key}: [{m: 0.5, seed: 1}]`);
      return [];
    }
    return values.flatMap((value, i) => {
      const at = list.items[i] as Located;
      if (value === null || typeof value !== 'object' || Array.isArray(value) || Object.keys(value).length === 0) {
        this.#say(at, `${path} must be a list of points, got ${describe(at)}`, `write ${key}: [{m: 0.5, seed: 1}]`);
        return [];
      }
      const point = Object.entries(value).map(([axis, each]) => [axis, this.#scalar(`${path}.${axis}`, each, at)]);
      return [{ point: Object.fromEntries(point) as Point, at }];
    });
  }

  #checkExcluded(part: Point, at: Place, names: readonly string[], combined: readonly Point[]): void {
    const unknown = axisNames(part).find((axis) => !names.includes(axis));
    if (unknown) this.#say(at, `${this.#path} has no axis "${unknown}"`, suggest(unknown, names, 'axes of the matrix'));
    else if (!combined.some((point) => matches(point, part)))
      this.#say(at, 'this excludes nothing: no combination has these values', 'correct a value, or take the line out');
  }

  /** An included point has a value on each axis, and is no combination already. */
  #checkIncluded(
    include: readonly { readonly point: Point; readonly at: Located }[],
    axes: readonly string[],
    combined: readonly Point[],
  ): void {
    const names = axes.length > 0 ? axes : axisNames(include[0]?.point ?? {});
    include.forEach(({ point, at }, i) => {
      const unknown = axisNames(point).find((axis) => !names.includes(axis));
      const missing = names.find((axis) => !Object.hasOwn(point, axis));
      const twice = [...combined, ...include.slice(0, i).map((other) => other.point)].some((other) =>
        matches(other, point),
      );
      if (unknown)
        this.#say(at, `${this.#path} has no axis "${unknown}"`, suggest(unknown, names, 'axes of the matrix'));
      else if (missing) this.#say(at, `this point has no value of ${missing}`, `add ${missing}: <value>`);
      else if (twice) this.#say(at, 'the matrix has this point already', 'take one of the two out');
    });
  }
}
