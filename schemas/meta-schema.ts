import type { JsonObject } from '../core/errors.ts';

const artifactTypes = ['dataset', 'benchmarks', 'weights', 'centers', 'inquiries', 'scores', 'metrics', 'report'];

/**
 * What a stage kind's schema must say beyond being a JSON Schema: enough for messages, completion and the guide to be
 * made from it alone.
 *
 * @returns every fault, in words; empty for a good schema
 */
export const checkStageSchema = (schema: JsonObject): string[] => {
  const faults: string[] = [];
  const need = (holds: boolean, fault: string): void => {
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
  need(Object.keys(outputs).length > 0, 'x-stage.outputs must name at least one output');
  for (const [name, type] of Object.entries(outputs)) {
    need(artifactTypes.includes(String(type)), `x-stage.outputs.${name} must be one of ${artifactTypes.join(', ')}`);
  }
  const required = Array.isArray(schema.required) ? schema.required : [];
  for (const [name, property] of Object.entries(isObject(schema.properties) ? schema.properties : {})) {
    if (!isObject(property)) faults.push(`${name} must be a schema`);
    else checkProperty(name, property, required.includes(name), need);
  }
  return faults;
};

const checkProperty = (
  name: string,
  property: JsonObject,
  required: boolean,
  need: (holds: boolean, fault: string) => void,
): void => {
  need(isText(property.description), `${name}.description is missing`);
  const types = [property.artifact ?? property.artifacts ?? []].flat();
  for (const type of types)
    need(artifactTypes.includes(String(type)), `${name} expects an unknown artifact type ${type}`);
  if (types.length > 0) return;
  need(required || property.default !== undefined, `${name} must have a default or be required`);
  checkRange(name, property, need);
};

const checkRange = (name: string, property: JsonObject, need: (holds: boolean, fault: string) => void): void => {
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

const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== '';
const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
