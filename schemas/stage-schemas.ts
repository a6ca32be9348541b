import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ErrorObject, type Options, type ValidateFunction } from 'ajv/dist/2020.js';
import type { ArtifactType } from '../core/artifact.ts';
import { CemiflowError, type Json, type JsonObject } from '../core/errors.ts';
import { isNodeRef, type NodeRef, type Resource } from '../core/plan.ts';
import { isOwnKind, wholeKind } from '../core/stage.ts';
import { kindPlaces, orphanSchemas, repository } from './kind-places.ts';
import { checkStageSchema, takesArtifacts } from './meta-schema.ts';
import { type KindFacts, ownKindFacts, unknownKind } from './roles.ts';

/** One stage kind as its schema declares it. */
export interface StageSchema {
  readonly kind: string;
  readonly title: string;
  readonly description: string;
  readonly resource: Resource;
  readonly sharded: boolean;
  readonly outputs: { readonly [name: string]: ArtifactType };
  /** What `${{ stages.x }}` means: the output named first. */
  readonly defaultOutput: string;
  /** What the kind is to the rest of the system. */
  readonly facts: KindFacts;
  /** The parameter whose files' digest fills the hidden parameter `content`. */
  readonly contentOf?: string;
  /** Whether that is a folder of code: ignore files say what of it counts. */
  readonly contentIsCode: boolean;
  /** Whether the stage runs a program of a user's own: each stage says itself what it makes, and whether it needs a GPU. */
  readonly foreign: boolean;
  readonly schema: JsonObject;
  /** Fills defaults in; `errors` afterwards. Compiled at first use. @throws CemiflowError `StageSchemaInvalid` */
  readonly validate: ValidateFunction;
  /** The same of an action's params: `content`, the folder's digest, replaces the folder. */
  readonly validateAction: ValidateFunction;
}

export type StageSchemas = ReadonlyMap<string, StageSchema>;

const suffix = '.schema.json';

/**
 * The schemas of all stage kinds of this checkout, sorted by name.
 *
 * @param folder holds the schemas instead: `recognizer-train.schema.json` declares `recognizer/train`
 * @throws CemiflowError `StageSchemaInvalid` with every fault of the first bad file; what only compiling a schema finds,
 * at the first use of its `validate`
 */
export const loadStageSchemas = (folder?: string): StageSchemas => {
  if (folder !== undefined) return readStageSchemas(placesIn(folder));
  own ??= schemasOfCheckout(repository);
  return own;
};

/** @throws CemiflowError `StageSchemaInvalid`, and as `kindPlaces` */
export const schemasOfCheckout = (root: string): StageSchemas => {
  const places = kindPlaces(root);
  const [orphan] = orphanSchemas(places, root);
  if (orphan !== undefined)
    throw new CemiflowError('StageSchemaInvalid', `${orphan} belongs to no stage kind`, {
      remedy: 'add the stage.ts that it describes, or remove the schema',
      data: { file: orphan },
    });
  return readStageSchemas(places.map(({ kind, schema }) => ({ kind, file: join(root, schema) })));
};

/**
 * The schema of a kind of a user's own, which says nothing of its role: that is always `foreign`, and whatever it takes is `given`.
 *
 * @param kind such as `own/blur`
 * @throws CemiflowError `StageSchemaInvalid`
 */
export const readOwnSchema = (kind: string, file: string): StageSchema =>
  readStageSchema(makeAjv(), kind, file, (schema) => {
    const stage = isObject(schema['x-stage']) ? schema['x-stage'] : {};
    const properties = isObject(schema.properties) ? schema.properties : {};
    const takers = Object.keys(properties).filter((name) => takesArtifacts(properties[name]));
    const inputs = Object.fromEntries(takers.map((name) => [name, 'given']));
    return { ...schema, 'x-stage': { sharded: false, ...stage, role: 'foreign', inputs } };
  });

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * What the schema of a kind says that it is. Nothing is known of a kind that this checkout does not have.
 *
 * @param kind of an action; a shard's kind counts as the kind of its stage
 */
export const factsOfKind = (kind: string): KindFacts =>
  isOwnKind(kind) ? ownKindFacts : (loadStageSchemas().get(wholeKind(kind))?.facts ?? unknownKind);

/** Our own, read once in a process. */
let own: StageSchemas | undefined;

interface SchemaPlace {
  readonly kind: string;
  readonly file: string;
}

const placesIn = (folder: string): SchemaPlace[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith(suffix))
    .sort()
    .map((file) => ({ kind: file.slice(0, -suffix.length).replace('-', '/'), file: `${folder}/${file}` }));

const readStageSchemas = (places: readonly SchemaPlace[]): StageSchemas => {
  const ajv = makeAjv({ validateSchema: false });
  return new Map(places.map(({ kind, file }) => [kind, readStageSchema(ajv, kind, file)]));
};

const readStageSchema = (
  ajv: Ajv2020,
  kind: string,
  file: string,
  completed = (schema: JsonObject): JsonObject => schema,
): StageSchema => {
  const faulty = (faults: readonly string[]): CemiflowError =>
    new CemiflowError('StageSchemaInvalid', `the schema of ${kind} is faulty: ${faults.join('; ')}`, {
      remedy: `correct ${file}; ${isOwnKind(kind) ? 'docs/kinds.md' : '"to add a stage kind" in CONTRIBUTING'} says what a schema needs`,
      data: { kind, file, faults: [...faults] },
    });
  const orFaulty = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw faulty([(error as Error).message]);
    }
  };
  const schema = orFaulty(() =>
    completed(withShared(withFragments(JSON.parse(readFileSync(file, 'utf8')) as JsonObject))),
  );
  const faults = orFaulty(() => checkStageSchema(schema));
  const named = (schema['x-stage'] as JsonObject | undefined)?.kind;
  if (named !== undefined && named !== kind)
    faults.push(`x-stage.kind is for schemas of methods: the folder names this kind ${kind}`);
  if (faults.length > 0) throw faulty(faults);
  return toStageSchema(kind, schema, (whole) => orFaulty(() => compile(ajv, whole)));
};

/**
 * Compiles a schema without comparing it with the schema of schemas, which takes longer than all else about it. Tests compare ours.
 * Where it does not compile, the comparison says best why.
 */
const compile = (ajv: Ajv2020, schema: JsonObject): ValidateFunction => {
  try {
    return ajv.compile(schema);
  } catch (error) {
    makeAjv().compile(schema);
    throw error;
  }
};

/**
 * A schema with `"x-fragments": "report/blocks"` has one property more for each folder under that path which holds a `schema.json`,
 * named after the folder.
 */
const withFragments = ({ 'x-fragments': folder, ...schema }: JsonObject): JsonObject => {
  if (typeof folder !== 'string') return schema;
  const fragments = readdirSync(join(repository, folder))
    .sort()
    .map((name) => [name, join(repository, folder, name, 'schema.json')] as const)
    .filter(([, file]) => existsSync(file))
    .map(([name, file]) => [name, JSON.parse(readFileSync(file, 'utf8')) as JsonObject]);
  return { ...schema, properties: { ...(schema.properties as JsonObject), ...Object.fromEntries(fragments) } };
};

/**
 * A schema with `"x-shared": ["precision"]` has the properties of `schemas/shared/precision.json` as well: the one that the file
 * describes, named after it, or all of those that it lists by name. For parameters that mean the same in many kinds; also inside
 * parameters that are objects. Its own properties come first, and win.
 */
const withShared = ({ 'x-shared': names, ...given }: JsonObject): JsonObject => {
  const { additionalProperties: others } = given;
  const schema = isObject(others) ? { ...given, additionalProperties: withShared(others) } : given;
  const properties = Object.entries((schema.properties ?? {}) as { [name: string]: JsonObject });
  const own = Object.fromEntries(properties.map(([name, inner]) => [name, withShared(inner)]));
  if (!Array.isArray(names)) return properties.length === 0 ? schema : { ...schema, properties: own };
  const shared = names.map((name): JsonObject => {
    const file = join(repository, 'schemas', 'shared', `${name}.json`);
    const found = JSON.parse(readFileSync(file, 'utf8')) as JsonObject;
    return typeof found.description === 'string' ? { [`${name}`]: found } : found;
  });
  return { ...schema, properties: { ...own, ...Object.assign({}, ...shared), ...own } };
};

const toStageSchema = (
  kind: string,
  schema: JsonObject,
  compile: (schema: JsonObject) => ValidateFunction,
): StageSchema => {
  const stage = schema['x-stage'] as {
    resource: Resource;
    sharded: boolean;
    foreign?: boolean;
    outputs: { [name: string]: ArtifactType };
  } & Partial<KindFacts>;
  const { role = 'unknown', raw = false, measures, inputs = {} } = stage;
  const properties = schema.properties as { [name: string]: JsonObject };
  const contentOf = Object.keys(properties).find((name) => properties[name]?.contentDigest !== undefined);
  const withContent: JsonObject =
    contentOf === undefined ? schema : { ...schema, properties: { ...properties, content: { type: 'string' } } };
  let compiled: ValidateFunction | undefined;
  let compiledAction: ValidateFunction | undefined;
  return {
    kind,
    title: schema.title as string,
    description: schema.description as string,
    resource: stage.resource,
    sharded: stage.sharded,
    outputs: stage.outputs,
    defaultOutput: Object.keys(stage.outputs)[0] as string,
    facts: { role, raw, inputs, ...(measures === undefined ? {} : { measures }) },
    ...(contentOf === undefined ? {} : { contentOf }),
    contentIsCode: properties[contentOf ?? '']?.contentDigest === 'code',
    foreign: stage.foreign === true,
    schema,
    // Of all kinds a spec uses a few, and compiling them all takes as long as reading a thousand records.
    get validate() {
      compiled ??= compile(withContent);
      return compiled;
    },
    get validateAction() {
      if (contentOf === undefined) return this.validate;
      compiledAction ??= compile(placeless(schema, contentOf));
      return compiledAction;
    },
  };
};

const placeless = (schema: JsonObject, contentOf: string): JsonObject => {
  const { [contentOf]: _, ...properties } = schema.properties as JsonObject;
  const required = ((schema.required ?? []) as string[]).filter((name) => name !== contentOf);
  return {
    ...schema,
    required: [...required, 'content'],
    properties: { ...properties, content: { type: 'string' } },
  };
};

/** Types of the NodeRefs of specs under expansion: a NodeRef itself says only whose output it is. */
const typesOfRefs = new WeakMap<object, ArtifactType>();
export const typedRef = (ref: NodeRef, type: ArtifactType): NodeRef => {
  typesOfRefs.set(ref, type);
  return ref;
};

/** The type of an artifact's place holder: a NodeRef before a run, an ArtifactRef in it. */
export const artifactTypeOf = (value: unknown): ArtifactType | undefined => {
  if (isNodeRef(value)) return typesOfRefs.get(value);
  const ref = value as { type?: unknown; digest?: unknown } | null;
  return typeof ref === 'object' && typeof ref?.digest === 'string' ? (ref.type as ArtifactType) : undefined;
};

/**
 * Params as an activity gets them, checked once more against the kind's schema.
 *
 * @throws CemiflowError `ParamsInvalid`
 */
export const checkParams = (schema: StageSchema, params: JsonObject): JsonObject => {
  const filled = structuredClone(params);
  if (schema.validateAction(filled)) return filled;
  const faults = (schema.validateAction.errors ?? []).map(
    (error) => `${error.instancePath || 'params'} ${error.message}`,
  );
  throw new CemiflowError('ParamsInvalid', `${schema.kind} was given wrong parameters: ${faults.join('; ')}`, {
    remedy: 'plan the experiment again with this version of cemiflow',
    data: { kind: schema.kind, faults },
  });
};

/** JSON Schema 2020-12 and our keywords: `artifact`, `artifacts`, and notes that check nothing. */
export const makeAjv = (options: Pick<Options, 'validateSchema'> = {}): Ajv2020 => {
  const ajv = new Ajv2020({
    ...options,
    useDefaults: true,
    allErrors: true,
    verbose: true,
    strict: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    validateFormats: false,
    // A plan checks each schema's parameters a few hundred times: making faster checks takes longer than they save.
    code: { optimize: false },
  });
  ajv.addVocabulary(['unit', 'x-stage', 'contentDigest']);
  ajv.addKeyword({
    keyword: 'artifact',
    schemaType: ['string', 'array'],
    errors: true,
    validate: reporting('artifact', (expected, value) => expected.includes(String(artifactTypeOf(value)))),
  });
  ajv.addKeyword({
    keyword: 'artifacts',
    schemaType: ['string', 'array'],
    errors: true,
    validate: reporting('artifacts', (expected, value) => Array.isArray(value) && value.every(isLabelled(expected))),
  });
  return ajv;
};

const isLabelled = (expected: string[]) => (item: Json) =>
  typeof item === 'object' &&
  item !== null &&
  !Array.isArray(item) &&
  typeof item.matrix === 'object' &&
  expected.includes(String(artifactTypeOf(item.artifact)));

type Reporting = { (wanted: string | string[], value: Json): boolean; errors?: Partial<ErrorObject>[] };

const reporting = (keyword: string, fits: (expected: string[], value: Json) => boolean): Reporting => {
  const check: Reporting = (wanted, value) => {
    const expected = [wanted].flat();
    if (fits(expected, value)) return true;
    check.errors = [{ keyword, params: { expected }, message: `must be ${keyword} ${expected.join(' or ')}` }];
    return false;
  };
  return check;
};
