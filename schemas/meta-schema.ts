import type { Json, JsonObject } from '../core/errors.ts';
import { inputUses, measures, roles } from './roles.ts';

const artifactTypes = [
  ...['dataset', 'benchmarks', 'weights', 'centers', 'inquiries', 'scores', 'metrics', 'report', 'files'],
];

type Need = (holds: boolean, fault: string) => void;

/**
 * What a stage kind's schema must say beyond being a JSON Schema: enough for messages, completion and the guide to be
 * made from it alone.
 *
 * @returns every fault, in words; empty for a good schema
 */
export const checkStageSchema = (schema: JsonObject): string[] => {
  const faults: string[] = [];
  const need: Need = (holds, fault) => {
    if (!holds) faults.push(fault);
  };
  need(isText(schema.title), 'title is missing');
  need(isText(schema.description), 'description is missing');
  need(schema.type === 'object', 'type must be "object"');
  need(schema.additionalProperties === false, 'additionalProperties must be false');
  need(isObject(schema.properties), 'properties are missing');
  const stage = isObject(schema['x-stage']) ? schema['x-stage'] : {};
  need(stage.resource === 'cpu' || stage.resource === 'tensor', 'x-stage.resource must be "cpu" or "tensor"');
  need(typeof stage.sharded === 'boolean', 'x-stage.sharded must be true or false');
  const outputs = isObject(stage.outputs) ? stage.outputs : {};
  need(stage.foreign === undefined || typeof stage.foreign === 'boolean', 'x-stage.foreign must be true or false');
  // What a program of a user's own makes, each stage says for itself.
  if (stage.foreign !== true) need(Object.keys(outputs).length > 0, 'x-stage.outputs must name at least one output');
  for (const [name, type] of Object.entries(outputs)) {
    need(artifactTypes.includes(String(type)), `x-stage.outputs.${name} must be one of ${artifactTypes.join(', ')}`);
  }
  checkRole(stage, isObject(schema.properties) ? schema.properties : {}, need);
  const required = Array.isArray(schema.required) ? schema.required : [];
  for (const [name, property] of Object.entries(isObject(schema.properties) ? schema.properties : {})) {
    if (!isObject(property)) faults.push(`${name} must be a schema`);
    else checkProperty(name, property, required.includes(name), need);
  }
  checkFolders(isObject(schema.properties) ? schema.properties : {}, need);
  return faults;
};

/** An action's key holds the content of one folder, as the hidden parameter `content` in the folder's place. */
const checkFolders = (properties: JsonObject, need: Need): void => {
  const folders = Object.keys(properties).filter((name) => keywordIn(properties[name]));
  need(folders.length < 2, `contentDigest is for one parameter alone, got ${folders.join(', ')}`);
  for (const name of folders) {
    const { contentDigest, ...rest } = properties[name] as JsonObject;
    need(
      (contentDigest === true || contentDigest === 'code') && rest.type === 'string' && !keywordIn(rest),
      `${name}: contentDigest must be true or "code", and on a parameter of type string, not inside one`,
    );
    need(properties.content === undefined, `content is filled in with the digest of ${name}: name the other parameter`);
  }
};

/** Whether `contentDigest` stands anywhere in the schema. */
const keywordIn = (schema: Json | undefined): boolean => {
  if (Array.isArray(schema)) return schema.some(keywordIn);
  return isObject(schema) && (schema.contentDigest !== undefined || Object.values(schema).some(keywordIn));
};

/** What provenance must know of the kind: its role, what each input is for, what it measures, whether a chain ends in it. */
const checkRole = (stage: JsonObject, properties: JsonObject, need: Need): void => {
  const { role, raw, measures: measured, inputs = {} } = stage;
  need(has(roles, role), `x-stage.role must be one of ${Object.keys(roles).join(', ')}`);
  need(raw === undefined || typeof raw === 'boolean', 'x-stage.raw must be true or false');
  const isEvaluation = role === 'evaluation';
  if (isEvaluation)
    need(has(measures, measured), `x-stage.measures must be one of ${Object.keys(measures).join(', ')}`);
  else need(measured === undefined, 'x-stage.measures is for the role evaluation alone');
  need(isObject(inputs), 'x-stage.inputs must say of each input what it is for');
  if (!isObject(inputs)) return;
  const takers = Object.keys(properties).filter((name) => takesArtifacts(properties[name]));
  need(!(raw === true && takers.length > 0), 'x-stage.raw is for kinds that take no artifacts');
  for (const name of Object.keys(inputs))
    need(takers.includes(name), `x-stage.inputs.${name} must name a parameter that takes artifacts`);
  // A report shows whatever it is given.
  for (const name of role === 'report' ? [] : takers)
    need(has(inputUses, inputs[name]), `x-stage.inputs.${name} must be one of ${Object.keys(inputUses).join(', ')}`);
};

/** Whether the parameter may hold an artifact anywhere. */
export const takesArtifacts = (schema: Json | undefined): boolean => {
  if (Array.isArray(schema)) return schema.some(takesArtifacts);
  if (!isObject(schema)) return false;
  if (schema.artifact !== undefined || schema.artifacts !== undefined) return true;
  const { anyOf, oneOf, items, properties, additionalProperties } = schema;
  return [anyOf, oneOf, items, additionalProperties, isObject(properties) ? Object.values(properties) : []].some(
    takesArtifacts,
  );
};

const checkProperty = (name: string, property: JsonObject, required: boolean, need: Need): void => {
  need(isText(property.description), `${name}.description is missing`);
  const types = [property.artifact ?? property.artifacts ?? []].flat();
  for (const type of types)
    need(artifactTypes.includes(String(type)), `${name} expects an unknown artifact type ${type}`);
  if (types.length > 0) return;
  need(required || property.default !== undefined, `${name} must have a default or be required`);
  checkRange(name, property, need);
};

const checkRange = (name: string, property: JsonObject, need: Need): void => {
  const numeric =
    property.enum === undefined && [property.type].flat().some((type) => type === 'integer' || type === 'number');
  const from = property.minimum ?? property.exclusiveMinimum;
  const to = property.maximum ?? property.exclusiveMaximum;
  if (numeric) need(from !== undefined && to !== undefined, `${name} must have a minimum and a maximum`);
  if (isObject(property.items)) checkRange(`${name}[]`, property.items, need);
  for (const [inner, schema] of Object.entries(isObject(property.properties) ? property.properties : {})) {
    if (isObject(schema)) checkRange(`${name}.${inner}`, schema, need);
  }
};

const has = (table: object, name: unknown): boolean => typeof name === 'string' && Object.hasOwn(table, name);
const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== '';
const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
