import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
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

describe.each(Object.entries(layouts))('code that was kept %s', (_, { entry, files, meta }) => {
  let store: Store;
  let code: Digest;
  const keep = async (kept: { readonly [path: string]: string }): Promise<ArtifactRef> =>
    store.putArtifact({
      type: 'code',
      meta: { ...meta, code, packages: [] },
      files: await Promise.all(
        Object.entries(kept).map(([path, text]) => store.putFile(path, Buffer.from(text), 'text/plain')),
      ),
    });
  const check = async (record: ActionRecord) => {
    const ledger = new Ledger();
    const lineage = { records: new Map([[record.key, record]]) } as unknown as Lineage;
    await checkCode(lineage, store, new AuditReader(store, ledger), ledger);
    return { checks: ledger.checks.filter(({ what }) => what.startsWith('code')), problems: ledger.problems };
  };
  beforeEach(async () => {
    store = memoryStore();
    code = await digestOf(files, entry);
  });

  it('has the digest of its action, wherever its files lie', async () => {
    for (const other of Object.values(layouts)) expect(await digestOf(other.files, other.entry)).toBe(code);
    const record = recordOf({ kind, params: {}, seed: 1, code }, {}, { source: { code: await keep(files) } });
    expect(await check(record)).toEqual({
      checks: [{ what: 'code digests computed again', held: 1, of: 1 }],
      problems: [],
    });
  });

  it('is another where one file is, and of adopted work the code that did it counts', async () => {
    const changed = Object.fromEntries(
      Object.entries(files).map(([path, text]) => [path, text.replace('=> 1', '=> 2')]),
    );
    const action = { kind, params: {}, seed: 1, code };
    const wrong = recordOf(action, {}, { source: { code: await keep(changed) } });
    expect((await check(wrong)).problems).toMatchObject([{ fault: 'corrupt', where: `code of ${kind}` }]);
    const old = { ...action, code: await digestOf(changed, entry) };
    const adopted = { ...wrong, adopted: { key: actionKey(old), action: old, statements: [] } };
    expect((await check(adopted)).problems).toEqual([]);
  });
});
