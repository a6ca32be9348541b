import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stage } from '../../../activities/data-procedural/stage.ts';
import { readStatement } from '../../../artifacts/codecs/adoption.ts';
import type { ActionRecord, Adopted } from '../../../core/action.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import { noCheckpoints } from '../../../core/checkpoint.ts';
import { digestOf } from '../../../core/digest.ts';
import type { JsonObject } from '../../../core/errors.ts';
import { type Lineage, madeNodes } from '../../../core/lineage.ts';
import { type PlanNode, planDigest } from '../../../core/plan.ts';
import { shardKind } from '../../../core/stage.ts';
import { adoptRun } from '../../../engine/adopt/index.ts';
import { keepRun, openRun } from '../../../engine/seal.ts';
import { checkAdoptions } from '../../../provenance/audit/adoption.ts';
import { Ledger } from '../../../provenance/audit/result.ts';
import { contentKey } from '../../../store/blobs.ts';
import { openStore, type RunDocument, type Store } from '../../../store/index.ts';
import { pointerKey } from '../../../store/pointer.ts';
import { recordOf } from '../../helpers/record.ts';

const folder = mkdtempSync(join(tmpdir(), 'cemiflow-adopt-'));
const root = fileURLToPath(new URL('../../..', import.meta.url));
const before = digestOf('code of before');
const kind = 'data/procedural';
const photo = { images: 2, size: 16, population: 'training', variation: 1, wear: 0.5 };
const params = { ...photo, identities: 60, firstIdentity: 0 };
let store: Store;

/**
 * A run of older code that drew faces in two shards, as its workers would have left it.
 *
 * @param older parameters as the older code had them
 */
const runBefore = async (seed: number, older = (now: JsonObject): JsonObject => now): Promise<RunDocument> => {
  const context = { ...{ seed, store, checkpoints: noCheckpoints }, signal: new AbortController().signal };
  const whole = { ...context, progress: async () => {}, log: () => {} };
  const parts: ActionRecord[] = [];
  for (const shard of await stage.split(params, whole)) {
    const action = { kind: shardKind(kind), params: older(shard), seed, code: before };
    parts.push(recordOf(action, await stage.runShard(shard, whole)));
  }
  const outputs = await stage.join(
    params,
    parts.map((part) => part.outputs),
    whole,
  );
  const action = { kind, params: older(params), seed, code: before };
  const record = recordOf(action, outputs, { parts: parts.map(({ key }) => key) });
  for (const each of [...parts, record]) await store.putRecord(each);
  const node: PlanNode = {
    ...{ id: 'faces', stage: 'faces', matrix: {}, ...action },
    ...{ resource: 'cpu', sharded: true, outputs: { data: 'dataset' } },
  };
  const plan = { experiment: 'e', nodes: [node] };
  const id = `e-${planDigest(plan).slice('sha256:'.length, 'sha256:'.length + 12)}`;
  const document: RunDocument = {
    ...{ id, plan, spec: { path: 'e.yaml' }, startedAt: '2026-01-01T00:00:00+00:00', workflowId: id, state: 'done' },
  };
  return keepRun(store, document, { faces: { key: record.key } });
};

const open = ({ root: digest }: RunDocument): Promise<Lineage> =>
  openRun(store, { type: 'run', digest: digest as ArtifactRef['digest'] });
const adopt = async (document: RunDocument) => {
  const replays = { store: { folder }, folders: { byContent: {}, from: folder }, env: process.env };
  return adoptRun(await open(document), document, { pieces: 1, seed: 1 }, { store, replays, root, tell: () => {} });
};
const problems = async (id: string): Promise<string[]> => {
  const ledger = new Ledger();
  await checkAdoptions(await open((await store.getRun(id)) as RunDocument), store, ledger);
  return ledger.problems.map(({ where, message }) => `${where}: ${message}`);
};

beforeAll(async () => {
  store = await openStore({ folder });
});
afterAll(() => rmSync(folder, { recursive: true }));

it('what is adopted counts until its statement is lost or damaged, and again once it is adopted again', async () => {
  const old = await runBefore(7);
  const first = await adopt(old);
  expect(first).toMatchObject({ adopted: 3, present: 0 });
  expect(first.kinds[kind]?.before).toBe(before);
  // All shards have the keys that they had, so that splitting counts as a piece too.
  expect(first.kinds[kind]?.replayed.map(({ name }) => name)).toEqual([
    'faces, split into shards',
    expect.stringMatching(/^faces#[12]$/),
    'faces',
  ]);
  expect(await problems(first.run)).toEqual([]);
  expect(await adopt(old)).toMatchObject({ adopted: 0, present: 1, rootDigest: first.rootDigest });

  const key = madeNodes(await open((await store.getRun(first.run)) as RunDocument))[0]?.key as ActionRecord['key'];
  await store.objects.remove(contentKey('artifacts', first.statement?.digest as ArtifactRef['digest']));
  expect(await store.lookupRecords([key])).toEqual(new Map());
  expect(await problems(first.run)).toHaveLength(3);
  // Of the adopted run itself: the older one may be gone.
  const second = await adopt((await store.getRun(first.run)) as RunDocument);
  expect(second).toMatchObject({ run: first.run, adopted: 3, present: 0 });
  expect(second.kinds[kind]?.before).toBe(before);
  expect(await problems(first.run)).toEqual([]);
  expect((await store.lookupRecords([key])).get(key)?.adopted?.statements).toEqual([second.statement]);

  const [file] = (await store.getArtifact(second.statement as ArtifactRef)).files;
  await store.objects.put(contentKey('blobs', file?.digest as ArtifactRef['digest']), Buffer.from('{oops'), {
    overwrite: true,
  });
  expect(await problems(first.run)).toHaveLength(3);
  const third = await adopt(old);
  expect(third).toMatchObject({ run: first.run, adopted: 3, present: 0 });
  expect(await problems(first.run)).toEqual([]);
  expect((await readStatement(store, third.statement as ArtifactRef)).run).toBe(old.id);

  // A shard may have been adopted with another run than the set that it is part of.
  const document = (await store.getRun(first.run)) as RunDocument;
  const shard = [...(await open(document)).records.values()].find((record) => !record.parts) as ActionRecord;
  const gone = { type: 'adoption', digest: digestOf('gone') } as const;
  await store.objects.remove(pointerKey(shard.key));
  await store.putRecord({ ...shard, adopted: { ...(shard.adopted as Adopted), statements: [gone] } });
  const broken = await keepRun(store, document, document.nodes as Parameters<typeof keepRun>[2]);
  expect(await problems(first.run)).toHaveLength(1);
  expect(await adopt(broken)).toMatchObject({ adopted: 1, present: 0, kinds: { [kind]: { before, actions: 1 } } });
  expect(await problems(first.run)).toEqual([]);
}, 240_000);

it('splitting a stage counts as a piece only where its shards have the keys that they had', async () => {
  const old = await runBefore(8, ({ wear: _, ...older }) => older);
  const { kinds, run } = await adopt(old);
  const names = kinds[kind]?.replayed.map(({ name }) => name);
  expect(names).toEqual([expect.stringMatching(/^faces#[12]$/), 'faces']);
  expect(await problems(run)).toEqual([]);
}, 120_000);
