import { usageError } from '../../client/usage-error.ts';
import type { JsonObject } from '../../core/errors.ts';
import { suggest } from '../../core/nearest.ts';
import { loadStageSchemas, type StageSchema } from '../../schemas/stage-schemas.ts';
import type { Run } from '../command.ts';
import { exitCodes } from '../exit.ts';
import { alignColumns } from '../view/format.ts';

export const run: Run = async ({ positionals: [name] }, { json, print }) => {
  const schemas = loadStageSchemas();
  if (name === undefined) {
    const all = [...schemas.values()];
    if (json) print(JSON.stringify(all.map(({ kind, title, outputs }) => ({ kind, title, outputs }))));
    else print(alignColumns(all.map(({ kind, title }) => [kind, title])).join('\n'));
    return exitCodes.ok;
  }
  const schema = schemas.get(name);
  if (!schema) throw usageError(`there is no stage kind ${name}`, suggest(name, schemas.keys(), 'stage kinds'));
  print(json ? JSON.stringify(schema.schema, null, 2) : kindText(schema));
  return exitCodes.ok;
};

const kindText = ({ kind, title, description, outputs, schema }: StageSchema): string => {
  const properties = schema.properties as { [name: string]: JsonObject };
  const required = new Set((schema.required as string[] | undefined) ?? []);
  const rows = Object.entries(properties).map(([name, property]) => [
    `  ${name}`,
    String(property.artifact ?? property.artifacts ?? property.type ?? ''),
    'default' in property ? JSON.stringify(property.default) : required.has(name) ? 'required' : '',
    `${property.description ?? ''}${property.unit ? ` [${property.unit}]` : ''}`,
  ]);
  const made = Object.entries(outputs).map(([name, type]) => `${name} (${type})`);
  return [`${kind}: ${title}`, description, '', ...alignColumns(rows), '', `gives ${made.join(', ')}`].join('\n');
};
