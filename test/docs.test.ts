import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { commands } from '../cli/commands/index.ts';
import type { JsonObject } from '../core/errors.ts';
import { loadStageSchemas } from '../schemas/stage-schemas.ts';
import { expandSpec } from '../spec/expand.ts';
import { readSpec } from '../spec/spec.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('docs/cli.md', () => {
  const page = read('docs/cli.md');

  it('lists every command, in the order of help', () => {
    const table = page.slice(page.indexOf('| command |'), page.indexOf('`RUN` is'));
    expect([...table.matchAll(/^\| `([a-z]+)/gm)].map(([, name]) => name)).toEqual(commands.map(({ name }) => name));
  });

  it.each(commands.filter(({ options }) => options))('tells the options of $name', ({ options }) => {
    for (const option of Object.keys(options ?? {})) expect(page).toContain(`--${option}`);
  });
});

describe('docs/stages.md', () => {
  /** Names of the parameters below `owner` as the page writes them: `head.m`, `accuracy[].label`. */
  const namesIn = (owner: JsonObject, prefix: string): string[] =>
    Object.entries((owner.properties ?? {}) as { [name: string]: JsonObject }).flatMap(([name, property]) => {
      const items = (property.items ?? {}) as JsonObject;
      const path = `${prefix}${name}`;
      return [path, ...namesIn(property, `${path}.`), ...namesIn(items, `${path}[].`)];
    });

  it.each([...loadStageSchemas().values()])('has a row for every parameter of $kind, however deep', (stage) => {
    const section =
      read('docs/stages.md')
        .split(/^## /m)
        .find((text) => text.startsWith(`${stage.kind}\n`)) ?? '';
    const rows = [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name);
    expect(rows).toEqual(namesIn(stage.schema, '').filter((name) => name !== 'content'));
  });
});

describe('examples', () => {
  /** The first YAML block of a page, put into a file. */
  const example = (page: string, head = ''): string => {
    const file = join(mkdtempSync(join(tmpdir(), 'cemiflow-docs-')), 'spec.yaml');
    writeFileSync(file, head + (/^```yaml\n(.*?)^```/ms.exec(read(page))?.[1] ?? ''));
    return file;
  };

  it('the spec of docs/spec.md is right', () => {
    expect(expandSpec(readSpec(example('docs/spec.md')), loadStageSchemas()).nodes).toHaveLength(10);
  });

  it('the report of docs/report.md is right in the place of the one of quickstart', () => {
    const file = example('docs/report.md', `extends: ${join(root, 'pipelines/quickstart.yaml')}\n`);
    const { nodes } = expandSpec(readSpec(file), loadStageSchemas());
    expect(nodes.find(({ id }) => id === 'report')?.params).toMatchObject({ title: 'Which similarity trains best?' });
  });
});

describe('links', () => {
  const pages = [
    'README.md',
    'CONTRIBUTING.md',
    ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join('docs', name)),
  ];

  it.each(pages)('of %s lead to files that are there', (path) => {
    const targets = [...read(path).matchAll(/\]\(<?([^)>\s#]+)/g)].map(([, target]) => target as string);
    const missing = targets.filter((to) => !/^https?:/.test(to) && !existsSync(join(root, dirname(path), to)));
    expect(missing).toEqual([]);
  });
});

it('npm scripts that the pages name exist', () => {
  const { scripts } = JSON.parse(read('package.json'));
  const named = ['README.md', 'CONTRIBUTING.md', 'docs/cli.md', 'docs/stages.md'].flatMap((path) =>
    [...read(path).matchAll(/npm run (?:--\S+ )*([a-z][a-z:-]*)/g)].map(([, name]) => name as string),
  );
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
});
