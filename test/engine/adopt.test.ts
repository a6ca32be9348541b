import { beforeEach, describe, expect, it } from 'vitest';
import { type ActionRecord, actionKey } from '../../core/action.ts';
import type { AdoptedKind, AdoptionStatement } from '../../core/adoption.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { digestOf } from '../../core/digest.ts';
import type { Lineage } from '../../core/lineage.ts';
import type { Plan, PlanNode } from '../../core/plan.ts';
import { shardKind } from '../../core/stage.ts';
import { candidatesOf, withShards } from '../../engine/adopt/candidates.ts';
import { refuseDisputed } from '../../engine/adopt/index.ts';
import { choosePieces } from '../../engine/adopt/pieces.ts';
import { putStatement } from '../../engine/adopt/statement.ts';
import { translatePlan } from '../../engine/adopt/translate.ts';
import { checkAdoptions } from '../../provenance/audit/adoption.ts';
import { Ledger } from '../../provenance/audit/result.ts';
import { loadStageSchemas, type StageSchema } from '../../schemas/stage-schemas.ts';
import type { Store } from '../../store/index.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { recordOf } from '../helpers/record.ts';

const schemas = loadStageSchemas();
const [before, now] = [digestOf('code of before'), digestOf('code of now')];
const codes = new Map([...schemas.keys()].map((kind) => [kind, now]));
const dataset = (name: string): ArtifactRef => ({ type: 'dataset', digest: digestOf(name) });

const node = (id: string, kind: string, params: PlanNode['params']): PlanNode => ({
  ...{ id, stage: id, kind, params, matrix: {}, seed: 7, code: before },
  ...{ resource: 'cpu', sharded: false, outputs: { data: 'dataset' } },
});

/** A run of the code of before: photos whose path was in the key, and a set that was drawn in two parts. */
const look = { images: 4, size: 32, population: 'training', variation: 1, wear: 1 };
const photos = node('photos', 'data/folder', { path: '/home/me/photos', content: digestOf('photos'), size: 32 });
const faces = node('faces', 'data/procedural', { ...look, identities: 60 });
const recordAt = (of: PlanNode, more: Partial<ActionRecord> = {}): ActionRecord =>
  recordOf({ kind: of.kind, params: of.params, seed: 7, code: before }, { data: dataset(of.id) }, more);
const parts = [0, 1].map((i) =>
  recordOf(
    {
      kind: shardKind('data/procedural'),
      params: { ...look, first: 50 * i, count: 50 - 40 * i },
      seed: 7,
      code: before,
    },
    { data: dataset(`part ${i}`) },
  ),
);
const plan: Plan = { experiment: 'e', nodes: [photos, faces] };
const records = [recordAt(photos), recordAt(faces, { parts: parts.map(({ key }) => key) })];
const lineage = {
  run: {
    ...{ id: 'e-1', experiment: 'e', plan, spec: { path: '/home/me/e.yaml' }, startedAt: '' },
    nodes: { photos: { key: records[0]?.key }, faces: { key: records[1]?.key } },
  },
  records: new Map([...records, ...parts].map((record) => [record.key, record])),
  digests: new Map(),
} as unknown as Lineage;

describe('a run of older code, as this code would have made it', () => {
  const today = translatePlan(plan, schemas, codes);
  const [photo, drawn] = candidatesOf(lineage, today) as [
    ReturnType<typeof candidatesOf>[0],
    ReturnType<typeof candidatesOf>[0],
  ];

  it('has today’s code, defaults filled in, and no place in its keys', () => {
    expect(today.nodes[0]).toMatchObject({ code: now, params: { content: digestOf('photos'), minImages: 2 } });
    expect(today.nodes[0]?.places).toEqual({ path: { path: '/home/me/photos', written: 'photos' } });
    expect(photo.now.key).toBe(actionKey(photo.now.action));
    expect(photo.now.written).toEqual({ path: 'photos' });
    expect(photo.now.adopted?.key).toBe(records[0]?.key);
    expect(JSON.stringify(photo.now)).not.toContain('/home/me');
    expect(today.nodes[1]?.sharded).toBe(true);
  });

  it('has the parts that today’s code cuts it into, where these take the same', () => {
    const cut = parts.map(({ action }) => ({ ...action.params, added: true }));
    const whole = withShards(drawn, cut);
    expect(whole.now.parts).toEqual(whole.parts.map((part) => part.now.key));
    expect(whole.parts[1]?.now.action).toEqual({ kind: 'data/procedural#part', params: cut[1], seed: 7, code: now });
    expect(() => withShards(drawn, cut.slice(1))).toThrow(/today's code splits faces into 1 shard, it had 2/);
    const other = [{ ...cut[0], given: { ...dataset('x') } }, cut[1]] as Parameters<typeof withShards>[1];
    expect(() => withShards(drawn, other)).toThrow(/shard 1 of faces takes other artifacts/);
  });

  it('is refused where a part of it came out in two ways', async () => {
    const store = memoryStore();
    for (const record of [...records, ...parts]) await store.putRecord(record);
    await expect(refuseDisputed([photo, drawn], store)).resolves.toBeUndefined();
    await store.putRecord({ ...(parts[1] as ActionRecord), outputs: { data: dataset('other') } });
    await expect(refuseDisputed([photo, drawn], store)).rejects.toThrow(/faces was done more than once with other/);
  });

  it('is refused where a kind or a parameter means nothing any more', () => {
    const gone = { ...plan, nodes: [node('x', 'data/none', {})] };
    expect(() => translatePlan(gone, schemas, codes)).toThrow(/x: this checkout has no stage kind data\/none/);
    const odd = { ...plan, nodes: [{ ...faces, params: { ...faces.params, colour: 1 } }] };
    expect(() => translatePlan(odd, schemas, codes)).toThrow(/faces: its parameters do not fit today's schema/);
  });

  it('is replayed in parts and joins of a sharded kind, and of trainings in the shortest', async () => {
    const whole = withShards(
      drawn,
      parts.map(({ action }) => action.params),
    );
    const none = { read: async () => undefined };
    const schema = (kind: string): StageSchema => schemas.get(kind) as StageSchema;
    const names = async (kind: string, own: Parameters<typeof choosePieces>[1], pieces: number, seed = 1) =>
      (await choosePieces(schema(kind), own, none, { pieces, seed })).map(({ name }) => name);
    expect((await names('data/procedural', [whole], 5)).sort()).toEqual(['faces', 'faces#1', 'faces#2']);
    expect(await names('data/procedural', [whole], 1, 3)).toEqual(await names('data/procedural', [whole], 1, 3));
    const trainings = [9, 3, 5].map((wallSeconds) => {
      const record = { ...photo.now, spent: { ...photo.now.spent, wallSeconds } };
      return { ...photo, now: record, made: { ...photo.made, node: { ...photos, id: `t${wallSeconds}` }, record } };
    });
    expect(await names('recognizer/train', trainings, 2)).toEqual(['t3', 't5']);
  });
});

describe('an audit of adopted work', () => {
  let store: Store;
  beforeEach(() => {
    store = memoryStore();
  });
  const kindOf = (from: string, to: string, replayed = 1): AdoptedKind => ({
    ...{ before: digestOf(from), now: digestOf(to), actions: 1 },
    replayed: Array.from({ length: replayed }, () => ({ name: 'x', key: before, verdict: 'same', seconds: 1 })),
  });
  const state = (kind: AdoptedKind, name = 'data/procedural'): Promise<ArtifactRef> =>
    putStatement(store, {
      ...{ format: 1, run: 'e-1', by: { host: 'h', user: 'u' }, at: '2026-01-01T00:00:00+00:00', seed: 1 },
      kinds: { [name]: kind },
    } satisfies AdoptionStatement);
  const audit = async (statements: readonly ArtifactRef[], more: Partial<ActionRecord> = {}) => {
    const done = { kind: 'data/procedural', params: { a: 1 }, seed: 7, code: digestOf('a') };
    const record = recordOf(
      { ...done, code: digestOf('c') },
      {},
      { adopted: { key: actionKey(done), action: done, statements }, ...more },
    );
    const ledger = new Ledger();
    const run = { plan: { nodes: [] }, nodes: {} };
    await checkAdoptions({ run, records: new Map([[record.key, record]]) } as unknown as Lineage, store, ledger);
    expect(ledger.checks).toEqual([{ what: 'adoptions checked', held: ledger.problems.length === 0 ? 1 : 0, of: 1 }]);
    return ledger.problems.map(({ fault, message }) => `${fault}: ${message}`);
  };

  it('holds where statements lead from the code that did it to the code of its key', async () => {
    expect(await audit([await state(kindOf('a', 'c'))])).toEqual([]);
    expect(await audit([await state(kindOf('a', 'b')), await state(kindOf('b', 'c'))])).toEqual([]);
  });

  it('fails where a link is missing, nothing was replayed, or the statement cannot be read', async () => {
    expect(await audit([])).toEqual([expect.stringMatching(/^corrupt: its statements lead to the code/)]);
    expect(await audit([await state(kindOf('b', 'c'))])).toEqual([
      expect.stringMatching(/^corrupt: no statement leads/),
    ]);
    expect(await audit([await state(kindOf('a', 'c'), 'data/folder')])).toEqual([
      expect.stringMatching(/no statement/),
    ]);
    expect(await audit([await state(kindOf('a', 'c', 0))])).toEqual([expect.stringMatching(/without a piece/)]);
    expect(await audit([{ type: 'adoption', digest: digestOf('gone') }])).toEqual([
      expect.stringMatching(/^not verifiable: why it was adopted cannot be read/),
    ]);
    const statements = [await state(kindOf('a', 'c'))];
    const done = { kind: 'data/procedural', params: { a: 2 }, seed: 8, code: digestOf('a') };
    expect(await audit([], { adopted: { key: actionKey(done), action: done, statements } })).toEqual([
      expect.stringMatching(/with another seed/),
    ]);
    const other = { ...done, seed: 7 };
    expect(await audit([], { adopted: { key: before, action: other, statements } })).toEqual([
      expect.stringMatching(/has the key/),
    ]);
  });
});
