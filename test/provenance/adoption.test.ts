import { beforeEach, describe, expect, it } from 'vitest';
import { putStatement } from '../../artifacts/codecs/adoption.ts';
import { type Action, type ActionRecord, actionKey } from '../../core/action.ts';
import { type AdoptedKind, adoptionFile, differentWork } from '../../core/adoption.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { digestOf } from '../../core/digest.ts';
import type { Lineage } from '../../core/lineage.ts';
import { checkAdoptions } from '../../provenance/audit/adoption.ts';
import { checkRecords } from '../../provenance/audit/links.ts';
import { Ledger } from '../../provenance/audit/result.ts';
import { findingsOf } from '../../provenance/findings/index.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { recordOf } from '../helpers/record.ts';

const done: Action = { kind: 'data/procedural', params: { a: 1 }, seed: 7, code: digestOf('a') };

let store: ReturnType<typeof memoryStore>;
beforeEach(() => {
  store = memoryStore();
});

const pieceOf = (work = actionKey(done)): AdoptedKind['replayed'][number] => ({
  ...{ name: 'x', key: digestOf('key'), work, verdict: 'same', seconds: 1 },
});
const kindOf = (from: string, to: string, replayed = [pieceOf()]): AdoptedKind => ({
  ...{ before: digestOf(from), now: digestOf(to), actions: 1, replayed },
});
const statement = (kind: AdoptedKind, name = 'data/procedural') => ({
  ...({ format: 1, run: 'e-1', by: { host: 'h', user: 'u' }, at: '2026-01-01T00:00:00+00:00', seed: 1 } as const),
  kinds: { [name]: kind },
});
const state = (kind: AdoptedKind, name?: string): Promise<ArtifactRef> => putStatement(store, statement(kind, name));

const recordWith = (
  statements: readonly ArtifactRef[],
  { old = done, now = {}, ...more }: { old?: Action; now?: Partial<Action> } & Partial<ActionRecord> = {},
): ActionRecord =>
  recordOf(
    { ...done, code: digestOf('c'), ...now },
    {},
    { adopted: { key: actionKey(old), action: old, statements }, ...more },
  );
const lineageOf = (...records: readonly ActionRecord[]): Lineage =>
  ({
    run: {
      plan: {
        nodes: records.map(({ key, action }) => ({ id: key, stage: key, kind: action.kind, params: {}, matrix: {} })),
      },
    },
    records: new Map(records.map((record) => [record.key, record])),
    digests: new Map(),
  }) as unknown as Lineage;
const audit = async (...given: Parameters<typeof recordWith>): Promise<string[]> => {
  const ledger = new Ledger();
  const lineage = lineageOf(recordWith(...given));
  await checkAdoptions({ ...lineage, run: { ...lineage.run, nodes: {} } }, store, ledger);
  expect(ledger.checks).toEqual([{ what: 'adoptions checked', held: ledger.problems.length === 0 ? 1 : 0, of: 1 }]);
  return ledger.problems.map(({ fault, message }) => `${fault}: ${message}`);
};

describe('an audit of adopted work', () => {
  it('holds where statements lead from the code that did it to the code of its key', async () => {
    expect(await audit([await state(kindOf('a', 'c'))])).toEqual([]);
    expect(await audit([await state(kindOf('a', 'b')), await state(kindOf('b', 'c'))])).toEqual([]);
  });

  it('fails where a link is missing, nothing was replayed, or the statement cannot be read', async () => {
    expect(await audit([await state(kindOf('b', 'c'))])).toEqual([
      expect.stringMatching(/^corrupt: no statement leads/),
    ]);
    expect(await audit([await state(kindOf('a', 'b'))])).toEqual([
      expect.stringMatching(/^corrupt: its statements lead to the code/),
    ]);
    expect(await audit([await state(kindOf('a', 'c'), 'data/folder')])).toEqual([
      expect.stringMatching(/no statement/),
    ]);
    expect(await audit([await state(kindOf('a', 'c', []))])).toEqual([expect.stringMatching(/without a piece/)]);
    expect(await audit([{ type: 'adoption', digest: digestOf('gone') }])).toEqual([
      expect.stringMatching(/^not verifiable: why it was adopted cannot be read/),
    ]);
  });

  it('fails without any statement, even where the code is the same', async () => {
    const now = { code: done.code, params: { a: 1, added: true } };
    expect(await audit([], { now })).toEqual(['corrupt: no statement says why it was adopted']);
  });

  it('fails where the action is other work than the one that it was taken from', async () => {
    const statements = [await state(kindOf('a', 'c'))];
    const rows = [{ label: 'x' }, { label: 'y' }];
    const params = { a: 1, content: digestOf('photos'), net: { base: 16 }, rows };
    const cases: [Partial<Action>, string][] = [
      [{ seed: 8 }, 'another seed'],
      [{ params: { ...params, a: 2 } }, 'another value of a'],
      [{ params: { ...params, net: { base: 32 } } }, 'another value of net.base'],
      [{ params: { ...params, rows: [{ label: 'x' }, { label: 'z' }] } }, 'another value of rows.1.label'],
      [{ params: { ...params, rows: rows.slice(1) } }, 'another value of rows.0.label'],
      [{ params: { ...params, rows: rows.slice(0, 1) } }, 'another value of rows.length'],
      [{ params: { ...params, content: digestOf('other photos') } }, 'other files in its folder'],
      [{ params: { a: 1 } }, 'other files in its folder'],
      [{ params: { ...params, from: { type: 'dataset', digest: digestOf('x') } } }, 'other inputs'],
    ];
    const now = { params };
    for (const [change, other] of cases)
      expect(await audit(statements, { old: { ...done, ...now, ...change }, now })).toEqual([
        `corrupt: it was adopted from an action with ${other}`,
      ]);
    expect(differentWork(done, { ...done, kind: 'data/folder' })).toBe('another stage kind');
  });

  it('takes parameters that newer code adds, also within objects and lists, for the same work', () => {
    const before = { ...done, params: { net: { base: 16 }, rows: [{ label: 'x' }] } };
    const now = { ...done, params: { net: { base: 16, heads: 4 }, rows: [{ label: 'x', at: 1 }], added: true } };
    expect(differentWork(now, before)).toBeUndefined();
  });

  it('lets newer code add and drop parameters', async () => {
    const old = { ...done, params: { a: 1, dropped: 3, net: { base: 16 } } };
    const now = { params: { a: 1, added: 2, net: { base: 16, depth: 3 } } };
    const piece = pieceOf(actionKey(old));
    expect(await audit([await state(kindOf('a', 'c', [piece]))], { old, now })).toEqual([]);
  });

  it('recomputes the old key, except where it held the path of the folder that the kind reads', async () => {
    const audited = async (kind: string, written?: ActionRecord['written']) => {
      const old = { ...done, kind, params: { content: digestOf('photos') } };
      const key = digestOf('a key with a path');
      const statements = [await state(kindOf('a', 'c', [pieceOf(key)]), kind)];
      return audit(statements, {
        ...{ now: { kind, params: old.params }, adopted: { key, action: old, statements } },
        ...(written && { written }),
      });
    };
    const unlike = [expect.stringMatching(/^corrupt: its work has the key/)];
    expect(await audited('data/folder', { path: 'photos' })).toEqual([]);
    expect(await audited('data/folder')).toEqual(unlike);
    expect(await audited('data/folder', {})).toEqual(unlike);
    expect(await audited('data/folder', { path: 'photos', size: '3' })).toEqual(unlike);
    expect(await audited('data/procedural', { path: 'photos' })).toEqual(unlike);
    expect(await audited('data/gone', { path: 'photos' })).toEqual([
      expect.stringMatching(/^not verifiable: .*this checkout has no data\/gone/),
    ]);
  });

  it('demands that a piece of each statement is known: of this run, or of another in the store', async () => {
    const other = { ...done, params: { a: 5 } };
    const unknown = [await state(kindOf('a', 'b', [pieceOf(digestOf('nobody'))])), await state(kindOf('b', 'c'))];
    expect(await audit(unknown)).toEqual([expect.stringMatching(/^not verifiable: none of the pieces of e-1/)]);
    const elsewhere = [await state(kindOf('a', 'c', [pieceOf(actionKey(other))]))];
    expect(await audit(elsewhere)).toHaveLength(1);
    await store.putRecord(recordOf(other, {}));
    expect(await audit(elsewhere)).toEqual([]);
  });

  it.each<[string, string]>([
    ['no JSON', '{oops'],
    ['null', 'null'],
    ['an empty object', '{}'],
    ['no pieces', JSON.stringify(statement({ ...kindOf('a', 'c'), replayed: 1 } as unknown as AdoptedKind))],
    ['null for its kind', JSON.stringify({ ...statement(kindOf('a', 'c')), kinds: { 'data/procedural': null } })],
    ['nobody', JSON.stringify({ ...statement(kindOf('a', 'c')), by: null })],
    ['a later format', JSON.stringify({ ...statement(kindOf('a', 'c')), format: 2 })],
    ['another run', JSON.stringify({ ...statement(kindOf('a', 'c')), run: 'e-2' })],
  ])('and its findings say so where a statement under right hashes holds %s', async (_, text) => {
    const file = await store.putFile(adoptionFile, Buffer.from(text), 'application/json');
    const ref = await store.putArtifact({ type: 'adoption', meta: { run: 'e-1' }, files: [file] });
    expect(await audit([ref])).toEqual([
      expect.stringMatching(/^not verifiable: why it was adopted cannot be read: adoption sha256:/),
    ]);
    const record = recordWith([ref]);
    const lineage = lineageOf(record);
    const run = { ...lineage.run, nodes: { [record.key]: { key: record.key } } };
    expect(await findingsOf({ ...lineage, run }, store)).toContainEqual(
      expect.objectContaining({ kind: 'adopted', severity: 'warning' }),
    );
  });

  it('rehashes the checkpoints that lie under the key that the work was done under', async () => {
    const record = recordWith([]);
    const key = actionKey(done);
    const arrays = { w: { dtype: 'float32', shape: [1], data: new Float32Array([1]) } } as const;
    const first = { step: 1, notes: null, content: await store.checkpoints.putArrays(key, arrays), at: '' };
    const state = { key, owner: '', attempts: [], kept: {}, checkpoints: [{ ...first, digest: digestOf('other') }] };
    await store.checkpoints.write(state as unknown as Parameters<typeof store.checkpoints.write>[0]);
    const ledger = new Ledger();
    const lineage = lineageOf(record);
    await checkRecords({ ...lineage, run: { ...lineage.run, nodes: {} } }, store, ledger);
    expect(ledger.problems.map(({ message }: { message: string }) => message)).toEqual([
      'are not what their digests say',
    ]);
  });
});
