import type { ErrorObject } from 'ajv/dist/2020.js';
import type { Json, JsonObject } from '../core/errors.ts';
import { suggest } from '../core/nearest.ts';
import { isNodeRef } from '../core/plan.ts';
import type { StageSchema } from './stage-schemas.ts';
import { artifactTypeOf } from './stage-schemas.ts';

/** One of Ajv's errors, in words. */
export interface Explanation {
  /** Keys and indices from the params down to the faulty value. */
  readonly path: readonly string[];
  /** The fault is this key of the value at `path`, not the value itself. */
  readonly key?: string;
  readonly message: string;
  readonly remedy: string;
}

/**
 * @param errors of `schema.validate`
 * @param owner what the params are called in messages: `stages.teacher.with`
 * @param candidates names of stages whose output has one of the types: for the remedy of a missing reference
 */
export const explainErrors = (
  errors: readonly ErrorObject[],
  schema: StageSchema,
  owner: string,
  candidates: (types: readonly string[]) => string[],
): Explanation[] => {
  // A failed choice of forms reports each form's errors as well: one sentence about the choice says more.
  const choices = errors.filter((error) => error.keyword === 'oneOf' || error.keyword === 'anyOf');
  const own = errors.filter(
    (error) =>
      error.keyword !== 'if' && !choices.some((c) => c !== error && error.schemaPath.startsWith(`${c.schemaPath}/`)),
  );
  return own.map((error) => {
    const path = error.instancePath.split('/').slice(1).map(unescapePointer);
    const name = [owner, ...path].reduce((left, right) =>
      /^\d+$/.test(right) ? `${left}[${right}]` : `${left}.${right}`,
    );
    return { path, ...explain(error, name, schema, candidates) };
  });
};

const unescapePointer = (segment: string): string => segment.replaceAll('~1', '/').replaceAll('~0', '~');

const explain = (
  error: ErrorObject,
  name: string,
  schema: StageSchema,
  candidates: (types: readonly string[]) => string[],
): Omit<Explanation, 'path'> => {
  const parent = (error.parentSchema ?? {}) as JsonObject;
  const params = error.params as { [key: string]: Json };
  const got = `got ${describeJson(error.data as Json)}`;
  const wants = `it is ${expectation(parent)}`;
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(params.additionalProperty);
      const known = Object.keys((parent.properties as JsonObject) ?? {}).filter((each) => each !== 'content');
      return { key, message: `${schema.kind} has no parameter "${key}"`, remedy: suggest(key, known, 'parameters') };
    }
    case 'required': {
      const key = String(params.missingProperty);
      const property = (parent.properties as { [name: string]: JsonObject } | undefined)?.[key] ?? {};
      const remedy = `add ${key}: ${example(property, candidates)} (${sentence(property.description)})`;
      return { message: `${name}.${key} is missing: ${schema.kind} needs ${expectation(property)}`, remedy };
    }
    case 'artifact':
    case 'artifacts': {
      const wanted = { [error.keyword]: params.expected ?? [] };
      return {
        message: `${name} expects ${expectation(wanted)}, ${got}`,
        remedy: `write ${example(wanted, candidates)}`,
      };
    }
    case 'type':
      return { message: `${name} must be ${typeWords(params.type)}, ${got}`, remedy: wants };
    case 'minimum':
    case 'exclusiveMinimum':
    case 'maximum':
    case 'exclusiveMaximum': {
      const words = { '>=': 'at least', '>': 'more than', '<=': 'at most', '<': 'less than' } as const;
      const bound = `${words[String(params.comparison) as keyof typeof words]} ${params.limit}`;
      return { message: `${name} must be ${bound}, ${got}`, remedy: wants };
    }
    case 'multipleOf':
      return { message: `${name} must be a multiple of ${params.multipleOf}, ${got}`, remedy: wants };
    case 'enum': {
      const allowed = (params.allowedValues as unknown as Json[]).map((value) => String(value));
      return {
        message: `${name} must be one of ${allowed.join(', ')}, ${got}`,
        remedy: suggest(String(error.data), allowed, 'choices'),
      };
    }
    case 'const':
      return { message: `${name} must be ${describeJson(params.allowedValue ?? null)}, ${got}`, remedy: wants };
    case 'minItems':
    case 'maxItems': {
      const bound = error.keyword === 'minItems' ? 'at least' : 'at most';
      return { message: `${name} must hold ${bound} ${params.limit} values, ${got}`, remedy: wants };
    }
    case 'uniqueItems':
      return {
        message: `${name} must not hold a value twice`,
        remedy: `values ${params.i} and ${params.j} are the same`,
      };
    case 'oneOf':
    case 'anyOf': {
      const forms = (parent[error.keyword] as JsonObject[] | undefined) ?? [];
      return {
        message: `${name} has none of the forms that it may have, ${got}`,
        remedy: `write ${forms.map(formWords).join(', or ')}`,
      };
    }
    default:
      return { message: `${name} ${error.message}, ${got}`, remedy: wants };
  }
};

/** What a schema wants, in a few words: `an integer from 1 to 1000 pixels (default 48)`. */
export const expectation = (schema: JsonObject): string => {
  const artifact = schema.artifact ?? schema.artifacts;
  if (artifact !== undefined) {
    return artifactWords(schema.artifact === undefined ? 'artifacts' : 'artifact', [artifact].flat() as string[]);
  }
  if (Array.isArray(schema.enum))
    return `one of ${schema.enum.map((value) => String(value)).join(', ')}${defaultWords(schema)}`;
  if (schema.const !== undefined) return describeJson(schema.const);
  const range = rangeWords(schema);
  const unit = typeof schema.unit === 'string' ? ` ${schema.unit}` : '';
  const item = schema.items as JsonObject | undefined;
  const items = item ? ` of ${artifactForms(item) ?? expectation(item)}` : '';
  return `${typeWords(schema.type ?? 'object')}${range}${unit}${items}${defaultWords(schema)}`;
};

/** What a list of references holds, where each may be one artifact or all points of a matrix. */
const artifactForms = ({ anyOf }: JsonObject): string | undefined => {
  const forms = Array.isArray(anyOf) ? (anyOf as JsonObject[]) : [];
  const isReference = forms.length > 0 && forms.every((form) => (form.artifact ?? form.artifacts) !== undefined);
  return isReference ? forms.map(expectation).join(' and ') : undefined;
};

/** One of several forms that a value may have. Mappings are told apart by their keys. */
export const formWords = (form: JsonObject): string =>
  form.type === 'object' && form.properties !== undefined
    ? `a mapping with ${Object.keys(form.properties as JsonObject).join(' and ')}`
    : expectation(form);

const defaultWords = (schema: JsonObject): string =>
  schema.default === undefined ||
  schema.default === '' ||
  (typeof schema.default === 'object' && schema.default !== null)
    ? ''
    : ` (default ${schema.default})`;

/** ` from 1 to 10`, ` of at least 1`; empty without bounds. */
export const rangeWords = (schema: JsonObject): string => {
  const from =
    schema.minimum ?? (schema.exclusiveMinimum === undefined ? undefined : `more than ${schema.exclusiveMinimum}`);
  const to =
    schema.maximum ?? (schema.exclusiveMaximum === undefined ? undefined : `less than ${schema.exclusiveMaximum}`);
  if (from !== undefined && to !== undefined) return ` from ${from} to ${to}`;
  if (from !== undefined) return ` of at least ${from}`;
  return to === undefined ? '' : ` of at most ${to}`;
};

const articles: { [type: string]: string } = {
  integer: 'an integer',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  null: 'null',
};

export const typeWords = (type: Json | undefined): string =>
  String(type ?? '')
    .split(',')
    .map((each) => articles[each] ?? each)
    .join(' or ');

const artifactWords = (keyword: string, types: readonly string[]): string =>
  keyword === 'artifacts' ? `a list of ${types.join(' or ')}` : types.join(' or ');

const example = (schema: JsonObject, candidates: (types: readonly string[]) => string[]): string => {
  const types = [schema.artifact ?? schema.artifacts ?? []].flat() as string[];
  if (types.length === 0) return '<value>';
  const all = schema.artifacts !== undefined;
  const found = candidates(types).sort((a, b) => oddity(a, all) - oddity(b, all));
  const names = found.map((name) => (all ? name.replace(/^([\w-]+)(\[.*?\])?/, '$1[*]') : name));
  if (names.length === 0) return `a reference to a stage that gives ${types.join(' or ')}`;
  return names
    .slice(0, 4)
    .map((name) => `\${{ stages.${name} }}`)
    .join(' or ');
};

/** Last in a list of proposals: outputs beside the first, and where a list is asked for, stages without a matrix. */
const oddity = (name: string, all: boolean): number =>
  (/^[\w-]+(\[.*\])?\./.test(name) ? 1 : 0) + (all && !name.includes('[') ? 2 : 0);

const sentence = (description: Json | undefined): string => String(description ?? '').split(/\.\s|\.$/)[0] ?? '';

/** A value as messages show it: short, and references by what they name. */
export const describeJson = (value: Json): string => {
  if (isNodeRef(value)) return `the ${artifactTypeOf(value)} of stages.${value.$node}`;
  if (Array.isArray(value)) {
    const inner = (value[0] as { artifact?: Json } | undefined)?.artifact;
    return isNodeRef(inner) ? `a list of ${artifactTypeOf(inner)}` : `a list of ${value.length}`;
  }
  if (value !== null && typeof value === 'object') return 'a mapping';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
};
