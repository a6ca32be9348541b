import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { newKind } from '../../client/new-kind.ts';
import { repository } from '../../schemas/kind-places.ts';
import { readOwnSchema } from '../../schemas/stage-schemas.ts';

it('writes the folder of the example, which is tested with this suite', () => {
  const cwd = mkdtempSync(join(tmpdir(), 'new-kind-'));
  expect(newKind('blur-faces', cwd)).toEqual({
    folder: 'kinds/blur-faces',
    files: ['schema.json', 'stage.test.ts', 'stage.ts'],
  });
  const written = readFileSync(join(cwd, 'kinds/blur-faces/stage.ts'), 'utf8');
  expect(written).toBe(readFileSync(join(repository, 'pipelines/kinds/dim/stage.ts'), 'utf8'));
  expect(readOwnSchema('own/blur-faces', join(cwd, 'kinds/blur-faces/schema.json')).defaultOutput).toBe('data');
  expect(() => newKind('blur-faces', cwd)).toThrow('is there already');
  for (const bad of ['', 'Blur', '../blur', 'a/b', 'a b'])
    expect(() => newKind(bad, cwd)).toThrow('cannot be the name of a stage kind');
});
