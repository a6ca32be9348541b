import { describe, expect, it } from 'vitest';
import { type ActionRecord, actionKey } from '../../../core/action.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import { digestOf } from '../../../core/digest.ts';
import type { Lineage } from '../../../core/lineage.ts';
import type { Plan, PlanNode } from '../../../core/plan.ts';
import { shardKind } from '../../../core/stage.ts';
import { candidatesOf, withShards } from '../../../engine/adopt/candidates.ts';
import { refuseDisputed } from '../../../engine/adopt/open-work.ts';
import { choosePieces } from '../../../engine/adopt/pieces.ts';
import { translatePlan } from '../../../engine/adopt/translate.ts';
import { loadStageSchemas, type StageSchema } from '../../../schemas/stage-schemas.ts';
import { memoryStore } from '../../helpers/memory-store.ts';
import { recordOf } from '../../helpers/record.ts';

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
    expect(() => withShards(drawn, other)).toThrow(/under today's code faces#1 has other inputs/);
    const larger = [{ ...cut[0], size: 48 }, cut[1]] as Parameters<typeof withShards>[1];
    expect(() => withShards(drawn, larger)).toThrow(/under today's code faces#1 has another value of size/);
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

  it('is replayed, where checkpoints were kept, with the first and the last interval of each training that is chosen', async () => {
    const steps = [300, 100, 200].map((step) => ({ step }));
    const kept = { read: async () => ({ checkpoints: steps }) } as unknown as Parameters<typeof choosePieces>[2];
    const schema = schemas.get('recognizer/train') as StageSchema;
    const trainings = ['a', 'b'].map((id) => ({ ...photo, made: { ...photo.made, node: { ...photos, id } } }));
    for (let seed = 0; seed < 8; seed++) {
      const jobs = await choosePieces(schema, trainings, kept, { pieces: 1, seed });
      const id = jobs[0]?.name[0];
      const names = jobs.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining([`${id}, steps 0 to 100`, `${id}, steps 300 to the end`]));
      expect(jobs.length).toBeLessThanOrEqual(3);
      expect(jobs[0]?.interval).toEqual({ from: 0, to: 100 });
    }
  });
});
