import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import type { Json } from '../core/errors.ts';
import { ambiguityOf } from './plain-scalars.ts';
import type { Place, Problems, Source } from './problems.ts';
import { holdsSecret, looksSecret } from './secrets.ts';

/** A YAML value that knows where it was written; parts of one tree may come from different sources. */
export type Located = LocatedMap | LocatedList | LocatedScalar;
export interface LocatedMap extends Place {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, Entry>;
}
export interface LocatedList extends Place {
  readonly kind: 'list';
  readonly items: readonly Located[];
}
export interface LocatedScalar extends Place {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
}
export interface Entry {
  readonly key: Place;
  readonly value: Located;
}

export const maxSpecBytes = 1024 * 1024;
const maxNodes = 20_000;
const maxDepth = 64;

/**
 * Reads one YAML document. `${{ … }}` may be unquoted inside `{ }` and `[ ]` too.
 *
 * @param text what is parsed, where it differs from what is shown in messages; offsets are the same
 * @returns undefined where the text is not one readable YAML document; `problems` says why
 */
export const parseYaml = (source: Source, problems: Problems, text = source.text): Located | undefined => {
  const place = (start: number, end: number): Place => ({ source, start, end });
  if (Buffer.byteLength(text) > maxSpecBytes) {
    problems.add(place(0, 1), 'a spec may hold at most 1 MiB', 'cut it into files joined by "extends"');
    return undefined;
  }
  const binary = /[^\P{Cc}\t\n\r\x85]|\uFFFD/u.exec(text);
  if (binary) {
    const at = place(binary.index, binary.index + 1);
    problems.add(at, 'this is not text: a control character, or no UTF-8', 'name a YAML file, saved as UTF-8');
    return undefined;
  }
  const foreign = /[\uE000-\uE006]/.exec(text);
  if (foreign) {
    problems.add(place(foreign.index, foreign.index + 1), 'a spec cannot hold private-use characters', 'remove it');
    return undefined;
  }
  let document: Document;
  try {
    document = parseDocument(mask(text), { prettyErrors: false, intAsBigInt: true, stringKeys: false });
  } catch (error) {
    problems.add(place(0, 1), `this is not YAML: ${(error as Error).message}`, 'correct the file');
    return undefined;
  }
  // One mistake often causes several errors: only the first of each line is reported.
  const lines = new Set<number>();
  for (const error of [...document.errors, ...document.warnings]) {
    const line = source.lines.linePos(error.pos[0]).line;
    if (lines.has(line) || lines.size >= 5) continue;
    lines.add(line);
    const [message, remedy] = yamlWords(error.code, unmask(error.message), text.slice(error.pos[0], error.pos[0] + 80));
    problems.add(place(error.pos[0], Math.max(error.pos[0] + 1, error.pos[1])), message, remedy);
  }
  if (lines.size > 0) return undefined;
  const reader = new Reader(source, document, problems);
  const tree = reader.read(document.contents as Node | null);
  // Values that were not read would be reported as missing.
  return reader.exhausted ? undefined : tree;
};

const masks = ['{', '}', '[', ']', ',', '*', '='];
/** The flow signs inside references become private-use characters of the same length, so that positions stay. */
const mask = (text: string): string =>
  text.replace(/\$\{\{[^\n{}"]*\}\}/g, (reference) =>
    reference.replace(/[{}[\],*=]/g, (sign) => String.fromCharCode(0xe000 + masks.indexOf(sign))),
  );
const unmask = (text: string): string =>
  text.replace(/[\uE000-\uE006]/g, (sign) => masks[sign.charCodeAt(0) - 0xe000] as string);

const yamlWords = (code: string, message: string, found: string): [string, string] => {
  if (code === 'DUPLICATE_KEY')
    return [`key "${/^["']?([^:\s"']+)/.exec(found)?.[1]}" is given twice`, 'keep one of the two'];
  if (code === 'TAB_AS_INDENT') return ['YAML is indented by spaces, got a tab', 'replace the tab by spaces'];
  if (code === 'MULTIPLE_DOCS') return ['a spec is one YAML document, got a second', 'put it into a separate file'];
  if (code === 'TAG_RESOLVE_FAILED') return ['YAML tags cannot be used here', 'write a plain value'];
  if (code === 'RESOURCE_EXHAUSTION') return ['the YAML is nested too deeply', `nest at most ${maxDepth} levels`];
  if (code === 'MULTILINE_IMPLICIT_KEY' || code === 'BLOCK_AS_IMPLICIT_KEY') {
    return ['a mapping where a value was begun', 'check the indentation of this line and the next'];
  }
  return [`this is not YAML: ${message}`, 'check quotes, brackets and indentation here'];
};

class Reader {
  readonly #source: Source;
  readonly #document: Document;
  readonly #problems: Problems;
  readonly #open = new Set<Node>();
  #nodes = 0;

  constructor(source: Source, document: Document, problems: Problems) {
    this.#source = source;
    this.#document = document;
    this.#problems = problems;
  }

  /** Whether a limit was reached, so that part of the text was not read. */
  get exhausted(): boolean {
    return this.#nodes > maxNodes;
  }

  read(node: Node | null, depth = 0, from?: Place): Located {
    const [start = 0, valueEnd = 0] = node?.range ?? [from?.end ?? 0, from?.end ?? 0];
    const place = { source: this.#source, start, end: Math.max(valueEnd, start + 1) };
    const none: LocatedScalar = { ...place, kind: 'scalar', value: null };
    if (node === null) return none;
    // Aliases are read and counted at each use, so that an alias bomb reaches the limit early.
    if (++this.#nodes > maxNodes || depth > maxDepth) {
      const limit =
        depth > maxDepth
          ? `be at most ${maxDepth} levels deep`
          : `hold at most ${maxNodes} values, aliases counted at each use`;
      if (this.#nodes <= maxNodes + 1) this.#problems.add(place, `a spec may ${limit}`, 'make it smaller');
      this.#nodes = maxNodes + 1;
      return none;
    }
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      if (target && !this.#open.has(target)) return this.read(target, depth + 1);
      this.#problems.add(
        place,
        target ? `*${node.source} is inside its own anchor` : `there is no anchor &${node.source} before this`,
        'write the value out',
      );
      return none;
    }
    this.#open.add(node);
    const located = isMap(node)
      ? this.#readMap(node, depth, place)
      : isSeq(node)
        ? {
            ...place,
            kind: 'list' as const,
            items: node.items.map((item) => this.read(item as Node, depth + 1, place)),
          }
        : isScalar(node)
          ? {
              ...place,
              kind: 'scalar' as const,
              value: this.#unambiguous(node, place) ? this.#scalar(node.value, place) : null,
            }
          : none;
    this.#open.delete(node);
    return located;
  }

  #readMap(node: YAMLMap, depth: number, place: Place): LocatedMap {
    const entries = new Map<string, Entry>();
    for (const pair of node.items) {
      const keyNode = pair.key as Node | null;
      const [start = place.start, end = place.end] = keyNode?.range ?? [];
      const key = { source: this.#source, start, end };
      if (!isScalar(keyNode) || keyNode.value === null || typeof keyNode.value === 'object') {
        this.#problems.add(key, 'a key must be a name', 'write one word before the colon');
        continue;
      }
      const name = unmask(String(keyNode.value));
      if (name === '<<') {
        this.#problems.add(
          key,
          '"<<" does not merge anything: merge keys are not part of YAML 1.2',
          'use "extends" to build on another file, and ${{ params.name }} to share values',
        );
        continue;
      }
      if (!this.#unambiguous(keyNode, key)) continue;
      if (['__proto__', 'constructor', 'prototype'].includes(name)) {
        this.#problems.add(key, `"${name}" cannot be a key`, 'choose another name');
        continue;
      }
      if (looksSecret(name)) {
        this.#problems.add(
          key,
          `"${name}" looks like a secret, and a spec is stored with every run and shown in reports`,
          'take it out; addresses and credentials come from the environment',
        );
      }
      entries.set(name, { key, value: this.read(pair.value as Node | null, depth + 1, key) });
    }
    return { ...place, kind: 'map', entries };
  }

  /** Reports an unquoted word that would not be read as the number it looks like. @returns whether there was none */
  #unambiguous({ type, source = '' }: Scalar, place: Place): boolean {
    const ambiguity = type === 'PLAIN' ? ambiguityOf(source) : undefined;
    if (ambiguity) this.#problems.add(place, ambiguity.message, ambiguity.remedy);
    return ambiguity === undefined;
  }

  #scalar(value: unknown, place: Place): LocatedScalar['value'] {
    if (typeof value === 'bigint') {
      if (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
      this.#problems.add(
        place,
        `${value} is too large to be kept exactly`,
        'stay within ±9007199254740991, or quote it',
      );
      return null;
    }
    if (typeof value === 'number' && !Number.isFinite(value)) {
      this.#problems.add(place, 'a number must be finite', 'write a finite number');
      return null;
    }
    if (typeof value === 'string') {
      const text = unmask(value);
      if (holdsSecret(text)) {
        this.#problems.add(
          { ...place, end: place.start + 1 },
          'this value looks like a secret, and a spec is stored with every run and shown in reports',
          'take it out; addresses and credentials come from the environment',
        );
      }
      return text;
    }
    return typeof value === 'number' || typeof value === 'boolean' ? value : null;
  }
}

/** The plain JSON of a tree. */
export const toJson = (node: Located): Json => {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(toJson);
  return Object.fromEntries([...node.entries].map(([key, entry]) => [key, toJson(entry.value)]));
};

/** `a list of 3`, `"abc"`, `14`: for messages. */
export const describe = (node: Located): string => {
  if (node.kind === 'map') return 'a mapping';
  if (node.kind === 'list') return `a list of ${node.items.length}`;
  const text = JSON.stringify(node.value);
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
};
