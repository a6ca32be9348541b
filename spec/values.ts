import { isJsonObject, type Json, type JsonObject } from '../core/errors.ts';
import type { Point } from '../core/expand.ts';
import { suggest } from '../core/nearest.ts';
import { hasReference, parseTemplate, type Reference, type Scalar } from '../core/references.ts';
import type { Place, Problems } from './problems.ts';
import type { Located, LocatedMap, LocatedScalar } from './yaml.ts';

/** A reference to a stage by its name. */
export type StageReference = Extract<Reference, { to: 'stages' }> & { readonly stage: string };

/** What the references in a value may refer to. */
export interface Scope {
  readonly problems: Problems;
  readonly params: ParamTable;
  /** The matrix point of the node at hand; absent outside of matrices. */
  readonly point?: Point;
  /** For messages: `stages.student`. */
  readonly owner: string;
  /** Absent where no stage can be named. `undefined` says that the fault was reported. */
  readonly stage?: (reference: StageReference, place: Place) => Json | undefined;
  /** Values that could not be evaluated; they were reported already. */
  readonly failed: Set<Located>;
}

/** Evaluates a tree at one matrix point. A faulty reference gives null, is reported, and is added to `failed`. */
export const evaluate = (node: Located, scope: Scope): Json => {
  if (node.kind === 'list') return node.items.map((item) => evaluate(item, scope));
  if (node.kind === 'map') {
    return Object.fromEntries([...node.entries].map(([key, entry]) => [key, evaluate(entry.value, scope)]));
  }
  if (typeof node.value !== 'string' || !hasReference(node.value)) return node.value;
  const parts = parseTemplate(node.value);
  const values = parts.map((part) =>
    'text' in part ? part.text : follow(part.reference, placeOf(node, part.source), scope, parts.length === 1),
  );
  if (values.includes(undefined)) scope.failed.add(node);
  if (values.includes(undefined)) return null;
  return parts.length === 1 ? (values[0] as Json) : values.join('');
};

const follow = (reference: Reference, place: Place, scope: Scope, whole: boolean): Json | undefined => {
  const say = (message: string, remedy: string): undefined => scope.problems.add(place, message, remedy) as undefined;
  switch (reference.to) {
    case 'nothing': {
      const roots = ['params', 'matrix', 'stages'];
      const near = reference.word && !roots.includes(reference.word) ? suggest(reference.word, roots, 'roots') : '';
      return say(reference.message, near.startsWith('did') ? `${near} ${reference.remedy}` : reference.remedy);
    }
    case 'stages':
      if (scope.stage === undefined) return say(`${scope.owner} cannot name a stage`, 'use params here');
      if (!whole) return say('a text cannot hold an artifact', 'let the reference be the whole value');
      if (typeof reference.stage === 'string') return scope.stage({ ...reference, stage: reference.stage }, place);
      return followAxis(reference.stage.axis, scope, say, (name) =>
        scope.stage?.({ ...reference, stage: String(name) }, place),
      );
    case 'matrix':
      return followAxis(reference.axis, scope, say, (value) => value);
    case 'params': {
      const value = scope.params.get(reference.path, place, scope.problems);
      if (!whole && value !== null && typeof value === 'object') {
        return say('a text cannot hold a list or a mapping', 'let the reference be the whole value');
      }
      // Each use has its own copy: a stage's defaults are filled into it.
      return structuredClone(value);
    }
  }
};

const followAxis = (
  axis: string,
  { point = {}, owner }: Scope,
  say: (message: string, remedy: string) => undefined,
  then: (value: Scalar) => Json | undefined,
): Json | undefined => {
  const value = point[axis];
  if (value !== undefined) return then(value);
  const axes = Object.keys(point);
  const remedy = axes.length > 0 ? suggest(axis, axes, 'axes') : `add matrix: {${axis}: […]}`;
  return say(`${owner} has no matrix axis "${axis}"`, remedy);
};

/** All references in a tree. */
export const referencesIn = (node: Located): Reference[] => {
  if (node.kind === 'list') return node.items.flatMap(referencesIn);
  if (node.kind === 'map') return [...node.entries.values()].flatMap(({ value }) => referencesIn(value));
  if (typeof node.value !== 'string' || !hasReference(node.value)) return [];
  return parseTemplate(node.value).flatMap((part) => ('reference' in part ? part.reference : []));
};

/** Where a reference is within its scalar; the whole scalar where escapes hide it. */
const placeOf = (node: LocatedScalar, written: string): Place => {
  const at = node.source.text.slice(0, node.end).indexOf(written, node.start);
  return at < 0 ? node : { source: node.source, start: at, end: at + written.length };
};

/** The spec's `params`: values that may refer to one another, each evaluated once. Keeps track of which are used. */
export class ParamTable {
  readonly used = new Set<string>();
  readonly #map: LocatedMap;
  readonly #failed: Set<Located>;
  readonly #known = new Map<string, Json | undefined>();
  readonly #open: string[] = [];

  constructor(map: LocatedMap, failed: Set<Located>) {
    this.#map = map;
    this.#failed = failed;
  }

  get names(): string[] {
    return [...this.#map.entries.keys()];
  }

  /** Evaluates a param, used or not, so that its mistakes are reported. */
  check(name: string, problems: Problems): void {
    const at = this.#map.entries.get(name)?.value;
    if (at) this.#valueOf(name, at, problems);
  }

  get(path: readonly string[], place: Place, problems: Problems): Json | undefined {
    const [root = '', ...rest] = path;
    this.used.add(root);
    let value = this.#valueOf(root, place, problems);
    for (const [i, key] of rest.entries()) {
      if (value === undefined) return undefined;
      const map: JsonObject = isJsonObject(value) ? value : {};
      if (!Object.hasOwn(map, key)) {
        const owner = ['params', root, ...rest.slice(0, i)].join('.');
        problems.add(place, `${owner} has no "${key}"`, suggest(key, Object.keys(map), `keys of ${owner}`));
        return undefined;
      }
      value = map[key];
    }
    return value;
  }

  /** Where the value of a whole-value reference to a param was written; the node itself otherwise. */
  originOf(node: Located): Located {
    let at = node;
    for (let hops = 0; hops < 32; hops++) {
      if (at.kind !== 'scalar' || typeof at.value !== 'string') return at;
      const [part, more] = parseTemplate(at.value);
      if (more || !part || 'text' in part || part.reference.to !== 'params') return at;
      let target: Located = this.#map;
      for (const key of part.reference.path) {
        const next: Located | undefined = target.kind === 'map' ? target.entries.get(key)?.value : undefined;
        if (!next) return at;
        target = next;
      }
      at = target;
    }
    return at;
  }

  #valueOf(name: string, place: Place, problems: Problems): Json | undefined {
    if (this.#known.has(name)) return this.#known.get(name);
    const entry = this.#map.entries.get(name);
    if (!entry) {
      problems.add(place, `there is no params.${name}`, suggest(name, this.names, 'params of this spec'));
      return undefined;
    }
    if (this.#open.includes(name)) {
      const path = [...this.#open.slice(this.#open.indexOf(name)), name].map((each) => `params.${each}`).join(' → ');
      problems.add(place, `the params name each other: ${path}`, 'give one of them a value');
      return undefined;
    }
    this.#open.push(name);
    const scope = { problems, params: this, owner: 'params', failed: this.#failed };
    const value = evaluate(entry.value, scope);
    this.#open.pop();
    const usable = this.#failed.has(entry.value) ? undefined : value;
    this.#known.set(name, usable);
    return usable;
  }
}
