import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { kindPlaces } from '../../schemas/kind-places.ts';

it('every stage kind has its parameters tried out', () => {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.ts'));
  const text = files.map((name) => readFileSync(join(import.meta.dirname, name), 'utf8')).join('\n');
  const missing = kindPlaces().filter(({ kind }) => !text.includes(`sweep('${kind}', {`));
  expect(missing.map(({ kind }) => kind)).toEqual([]);
});
