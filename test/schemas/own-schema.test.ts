import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { repository } from '../../schemas/kind-places.ts';
import { factsOfKind, readOwnSchema } from '../../schemas/stage-schemas.ts';

it('a kind of a user’s own is foreign, whatever it says of itself, and what it takes was given', () => {
  const schema = JSON.parse(readFileSync(join(repository, 'pipelines/kinds/dim/schema.json'), 'utf8'));
  const file = join(mkdtempSync(join(tmpdir(), 'own-schema-')), 'schema.json');
  writeFileSync(
    file,
    JSON.stringify({ ...schema, 'x-stage': { ...schema['x-stage'], role: 'drawn-data', raw: false } }),
  );
  const { facts, sharded } = readOwnSchema('own/dim', file);
  expect(facts).toEqual({ role: 'foreign', raw: false, inputs: { data: 'given' } });
  expect(sharded).toBe(false);
  for (const kind of ['own/dim', 'own/dim#part'])
    expect(factsOfKind(kind)).toMatchObject({ role: 'foreign', raw: false });
});
