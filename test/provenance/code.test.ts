import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, test } from 'vitest';
import { type ActionRecord, actionKey } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { Digest } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import { checkCode } from '../../provenance/audit/code.ts';
import { AuditReader } from '../../provenance/audit/reader.ts';
import { Ledger } from '../../provenance/audit/result.ts';
import { moduleDigest } from '../../spec/code-digest.ts';
import type { Store } from '../../store/index.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { recordOf } from '../helpers/record.ts';

const kind = 'metrics/one';
const helper = 'export const one = (): number => 1;\n';
const stage = (path: string): string =>
  `import { one } from '${path}';\nexport const stage = { run: () => one() + 1 };\n`;

/** The same stage as it lay before stage kinds had folders, and as it lies now. */
const layouts: { readonly [name: string]: { entry: string; files: { [path: string]: string }; meta: JsonObject } } = {
  'before stage kinds had folders': {
    entry: 'activities/metrics-one.ts',
    files: { 'activities/metrics-one.ts': stage('./one.ts'), 'activities/one.ts': helper },
    meta: { kind },
  },
  'with its own entry': {
    entry: 'methods/numbers/one/stage.ts',
    files: { 'methods/numbers/one/stage.ts': stage('../../../core/one.ts'), 'core/one.ts': helper },
    meta: { kind, entry: 'methods/numbers/one/stage.ts' },
  },
};

const digestOf = (files: { readonly [path: string]: string }, entry: string): Promise<Digest> => {
  const folder = mkdtempSync(join(tmpdir(), 'cemiflow-layout-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return moduleDigest(entry, folder);
};

const keep = async (store: Store, kept: { readonly [path: string]: string }, meta: JsonObject): Promise<ArtifactRef> =>
  store.putArtifact({
    ...{ type: 'code', meta },
    files: await Promise.all(
      Object.entries(kept).map(([path, text]) => store.putFile(path, Buffer.from(text), 'text/plain')),
    ),
  });

const check = async (store: Store, record: ActionRecord) => {
  const ledger = new Ledger();
  const lineage = { records: new Map([[record.key, record]]) } as unknown as Lineage;
  await checkCode(lineage, store, new AuditReader(store, ledger), ledger);
  return { checks: ledger.checks.filter(({ what }) => what.startsWith('code')), problems: ledger.problems };
};

describe.each(Object.entries(layouts))('code that was kept %s', (_, { entry, files, meta }) => {
  let store: Store;
  let code: Digest;
  beforeEach(async () => {
    store = memoryStore();
    code = await digestOf(files, entry);
  });

  it('has the digest of its action, wherever its files lie', async () => {
    for (const other of Object.values(layouts)) expect(await digestOf(other.files, other.entry)).toBe(code);
    const record = recordOf(
      { kind, params: {}, seed: 1, code },
      {},
      { source: { code: await keep(store, files, { ...meta, code, packages: [] }) } },
    );
    expect(await check(store, record)).toEqual({
      checks: [{ what: 'code digests computed again', held: 1, of: 1 }],
      problems: [],
    });
  });

  it('is another where one file is, and of adopted work the code that did it counts', async () => {
    const changed = Object.fromEntries(
      Object.entries(files).map(([path, text]) => [path, text.replace('=> 1', '=> 2')]),
    );
    const action = { kind, params: {}, seed: 1, code };
    const wrong = recordOf(
      action,
      {},
      { source: { code: await keep(store, changed, { ...meta, code, packages: [] }) } },
    );
    expect((await check(store, wrong)).problems).toMatchObject([{ fault: 'corrupt', where: `code of ${kind}` }]);
    const old = { ...action, code: await digestOf(changed, entry) };
    const adopted = { ...wrong, adopted: { key: actionKey(old), action: old, statements: [] } };
    expect((await check(store, adopted)).problems).toEqual([]);
  });
});

test('code kept before stage kinds had folders has the digest that it had then, where it imports files while it runs', async () => {
  const store = memoryStore();
  const files = {
    'activities/metrics-one.ts': "export const stage = { run: async () => (await import('./one.ts')).one() + 1 };\n",
    'activities/one.ts': helper,
  };
  // Computed at f4369ad, the last commit of that layout.
  const code = 'sha256:b8aef6deabc13c54d81cdf7544502167da354199a4c4ff70e80100d849d91edc';
  const source = { code: await keep(store, files, { kind, code, packages: [] }) };
  expect((await check(store, recordOf({ kind, params: {}, seed: 1, code }, {}, { source }))).problems).toEqual([]);
});
