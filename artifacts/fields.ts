import { type Digest, isDigest } from '../core/digest.ts';
import type { Json, JsonObject } from '../core/errors.ts';
import { artifactInvalid, type Place } from './invalid.ts';

/** Limits of a number, both included. */
interface Range {
  readonly from?: number;
  readonly to?: number;
}

/**
 * Reads the fields of an object that came from a store, each checked: what is missing or of another kind is an `ArtifactInvalid`
 * that names the artifact, the field, what was required and what was found.
 */
export class Fields {
  readonly #object: JsonObject;
  readonly #place: Place;

  constructor(value: Json | undefined, place: Place) {
    if (!isObject(value)) throw artifactInvalid(place, '', { required: 'an object', found: shown(value) });
    this.#object = value;
    this.#place = place;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#object, name);
  }

  /** The value as it is. */
  json(name: string): Json | undefined {
    return this.has(name) ? this.#object[name] : undefined;
  }

  /** A copy of the whole object. */
  get whole(): JsonObject {
    return structuredClone(this.#object);
  }

  get names(): string[] {
    return Object.keys(this.#object);
  }

  string(name: string): string {
    const value = this.json(name);
    if (typeof value === 'string') return value;
    throw this.fault(name, 'a string');
  }

  boolean(name: string): boolean {
    const value = this.json(name);
    if (typeof value === 'boolean') return value;
    throw this.fault(name, 'true or false');
  }

  number(name: string, range: Range = {}): number {
    const value = this.json(name);
    if (isWithin(value, range)) return value;
    throw this.fault(name, `a number${rangeWords(range)}`);
  }

  /** A whole number, from 0 on unless the range says otherwise. */
  integer(name: string, range: Range = { from: 0 }): number {
    const value = this.json(name);
    if (isWithin(value, range) && Number.isSafeInteger(value)) return value;
    throw this.fault(name, `a whole number${rangeWords(range)}`);
  }

  oneOf<const T extends string>(name: string, allowed: readonly T[]): T {
    const value = this.json(name);
    const found = allowed.find((each) => each === value);
    if (found !== undefined) return found;
    throw this.fault(name, allowed.length === 1 ? `${allowed[0]}` : `one of ${allowed.join(', ')}`);
  }

  digest(name: string): Digest {
    const value = this.json(name);
    if (isDigest(value)) return value;
    throw this.fault(name, 'a digest, sha256:…');
  }

  numbers(name: string): number[] {
    const value = this.json(name);
    if (Array.isArray(value) && value.every((each) => typeof each === 'number')) return [...value];
    throw this.fault(name, 'a list of numbers');
  }

  strings(name: string): string[] {
    const value = this.json(name);
    if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return [...value];
    throw this.fault(name, 'a list of strings');
  }

  object(name: string): Fields {
    return new Fields(this.json(name), this.#at(name));
  }

  /** A list of objects. */
  list<T>(name: string, read: (fields: Fields) => T): T[] {
    const value = this.json(name);
    if (!Array.isArray(value)) throw this.fault(name, 'a list');
    return value.map((each, i) => read(new Fields(each, this.#at(`${name}.${i}`))));
  }

  /** An object whose values are alike. */
  map<T>(name: string, read: (fields: Fields) => T): { [key: string]: T } {
    const inner = this.object(name);
    return Object.fromEntries(inner.names.map((key) => [key, read(inner.object(key))]));
  }

  /** Undefined where the field is not there. */
  optional<T>(name: string, read: (fields: this) => T): T | undefined {
    return this.has(name) ? read(this) : undefined;
  }

  /** The error for a field that is not what it must be. */
  fault(name: string, required: string): Error {
    return artifactInvalid(this.#place, name, { required, found: shown(this.json(name)) });
  }

  #at(name: string): Place {
    return { ...this.#place, path: `${this.#place.path}.${name}` };
  }
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isWithin = (value: unknown, { from, to }: Range): value is number =>
  Number.isFinite(value) &&
  (from === undefined || (value as number) >= from) &&
  (to === undefined || (value as number) <= to);

const rangeWords = ({ from, to }: Range): string =>
  [from === undefined ? '' : ` from ${from}`, to === undefined ? '' : ` to ${to}`].join('');

/** A value as a message can hold it. */
const shown = (value: Json | undefined): string => {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
};
