import { describe, expect, it, vi } from 'vitest';
import { type Action, type ActionRecord, actionKey } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { digestOf, hexOf } from '../../core/digest.ts';
import type { PlanNode } from '../../core/plan.ts';
import { keepRun } from '../../engine/seal.ts';
import { contentKey } from '../../store/blobs.ts';
import { fsck, type GcResult, gc, type RunDocument, Store, usage } from '../../store/index.ts';
import { Sweeps } from '../../store/sweep.ts';
import { MemoryObjects, memoryStore } from '../helpers/memory-store.ts';
import { recordOf } from '../helpers/record.ts';

const startedAt = '2026-01-01T00:00:00+00:00';
const code = digestOf('code');

const actionOf = (name: string): Action => ({ kind: 'test/kind', params: { name }, seed: 7, code });

/** An artifact of one file, and the record of the action that made it. */
const make = async (store: Store, name: string, contents = name): Promise<ActionRecord> => {
  const file = await store.putFile('x', Buffer.from(contents), 'text/plain');
  const out = await store.putArtifact({ type: 'metrics', meta: { name }, files: [file] });
  const source = { code: await store.putArtifact({ type: 'code', meta: {}, files: [] }) };
  return (await store.putRecord(recordOf(actionOf(name), { out }, { source }))).record;
};

const nodeOf = (name: string): PlanNode => ({
  ...{ id: name, stage: name, kind: 'test/kind', matrix: {}, params: { name }, seed: 7, code },
  ...{ resource: 'cpu', sharded: false, outputs: { out: 'metrics' } },
});

const documentOf = (id: string, names: readonly string[], state: RunDocument['state']): RunDocument => ({
  ...{ id, plan: { experiment: id, nodes: names.map(nodeOf) }, spec: { path: '/s' } },
  ...{ startedAt, workflowId: id, state },
});

/** A run that is at its end, with these actions. */
const finish = async (store: Store, id: string, names: readonly string[]): Promise<ActionRecord[]> => {
  const records = [];
  for (const name of names) records.push(await make(store, name));
  const nodes = Object.fromEntries(records.map(({ key }, i) => [names[i] as string, { key }]));
  await keepRun(store, documentOf(id, names, 'done'), nodes);
  return records;
};

const outOf = ({ outputs }: ActionRecord): ArtifactRef => outputs.out as ArtifactRef;
const isThere = async (store: Store, record: ActionRecord): Promise<boolean> =>
  (await store.lookupRecords([record.key])).has(record.key);
const remove = (store: Store): Promise<GcResult> => gc(store, { graceSeconds: 0, dryRun: false });
const countOf = ({ garbage }: GcResult): number =>
  Object.values(garbage).reduce((sum, { objects }) => sum + objects, 0);

describe('gc', () => {
  it('keeps all that a finished run stands on, and removes what nothing needs', async () => {
    const store = memoryStore();
    const [kept] = await finish(store, 'run', ['kept']);
    const spare = await make(store, 'spare');
    const looked = await gc(store, { graceSeconds: 0, dryRun: true });
    expect(countOf(looked)).toBe(4);
    expect(await isThere(store, spare)).toBe(true);
    expect(countOf(await remove(store))).toBe(4);
    expect(await isThere(store, kept as ActionRecord)).toBe(true);
    expect(await isThere(store, spare)).toBe(false);
    expect((await fsck(store.objects)).flaws).toEqual([]);
    expect(countOf(await remove(store))).toBe(0);
  });

  it.each([[['before', 'adopted']], [['adopted', 'before']], [['adopted']]])(
    'keeps results of adopted work that differ, through all keys that it was adopted from: runs %j',
    async (order) => {
      const store = memoryStore();
      const at = async (version: string, contents: string): Promise<ActionRecord> => {
        const made = await make(store, contents);
        return recordOf({ ...actionOf('work'), code: digestOf(version) }, made.outputs, { source: made.source });
      };
      const first = await at('first', 'same');
      const second = await at('second', 'same');
      // Each was adopted for the code of now; the second one's other result hangs on the record that no run holds.
      const adoptedFrom = ({ key, action, outputs, source }: ActionRecord): ActionRecord =>
        recordOf(actionOf('work'), outputs, { source, adopted: { key, action, statements: [] } });
      const now = adoptedFrom(first);
      const others = [await at('first', 'first differs'), await at('second', 'second differs')];
      for (const record of [first, second, now, adoptedFrom(second), ...others]) await store.putRecord(record);
      const keyIn: { [run: string]: ActionRecord } = { before: first, adopted: now };
      for (const [i, run] of order.entries())
        await keepRun(store, documentOf(`run ${i}`, ['work'], 'done'), {
          work: { key: keyIn[run]?.key as typeof code },
        });
      await remove(store);
      for (const other of [...others, now]) {
        expect(await store.isWhole(outOf(other))).toBe(true);
        expect(await store.listRecords(other.key)).toContainEqual(other);
      }
      expect(await store.listRecords(actionKey(actionOf('second differs')))).toEqual([]);
    },
  );

  it('removes what a run alone kept once it is given up, and leaves what others share with it', async () => {
    const store = memoryStore();
    const [shared] = await finish(store, 'one', ['shared', 'own']);
    await finish(store, 'two', ['shared']);
    const before = await usage(store);
    const own = before.keepings.find(({ name }) => name === 'one');
    await store.removeRun('one');
    const { garbage } = await remove(store);
    expect(await isThere(store, shared as ActionRecord)).toBe(true);
    expect(await store.listRecords(actionKey(actionOf('own')))).toEqual([]);
    expect(Object.values(garbage).reduce((sum, { bytes }) => sum + bytes, 0)).toBe(own?.alone.bytes);
    expect((await fsck(store.objects)).flaws).toEqual([]);
  });

  it('keeps what an unfinished run may find made: records of its kinds, code and seeds', async () => {
    const store = memoryStore();
    const made = await make(store, 'made');
    const other = (
      await store.putRecord(
        recordOf({ ...actionOf('made'), code: digestOf('older code') }, made.outputs, { source: made.source }),
      )
    ).record;
    for (const state of ['running', 'needs attention', 'failed', 'cancelled'] as const) {
      await store.putRun(documentOf('run', ['made'], state));
      await remove(store);
      expect(await isThere(store, made), state).toBe(true);
    }
    expect(await isThere(store, other)).toBe(false);
    await store.removeRun('run');
    await remove(store);
    expect(await isThere(store, made)).toBe(false);
  });

  it('keeps what is pinned, and a whole run where its root is', async () => {
    const store = memoryStore();
    const [made] = (await finish(store, 'run', ['made'])) as [ActionRecord];
    const root: ArtifactRef = { type: 'run', digest: (await store.getRun('run'))?.root ?? code };
    const spare = await make(store, 'spare');
    const pin = (ref: ArtifactRef) => store.pins.put({ ref, name: 'pinned', because: 'in the paper', at: startedAt });
    await pin(root);
    await pin(outOf(spare));
    await store.removeRun('run');
    await remove(store);
    expect(await isThere(store, made)).toBe(true);
    expect(await store.isWhole(outOf(spare))).toBe(true);
    expect(await isThere(store, spare)).toBe(false);
    for (const { ref } of await store.pins.list()) expect(await store.pins.remove(ref.digest)).toBe(true);
    await remove(store);
    expect(await isThere(store, made)).toBe(false);
    expect(await store.isWhole(outOf(spare))).toBe(false);
  });

  it('keeps a second result that differs under one key, as evidence', async () => {
    const store = memoryStore();
    const [first] = (await finish(store, 'run', ['twice'])) as [ActionRecord];
    const second = await make(store, 'another');
    await store.putRecord({ ...first, outputs: second.outputs });
    await remove(store);
    expect(await store.listRecords(first.key)).toHaveLength(2);
    expect(await store.isWhole(outOf(second))).toBe(true);
  });

  it('keeps what the parts of a stage were given, which is the output of no action', async () => {
    const store = memoryStore();
    const given = await store.putArtifact({ type: 'inquiries', meta: { slice: 1 }, files: [] });
    const made = await make(store, 'made');
    const action: Action = { ...actionOf('part'), params: { inquiries: { ...given } } };
    const { record } = await store.putRecord(recordOf(action, made.outputs, { source: made.source }));
    await keepRun(store, documentOf('run', ['part'], 'done'), { part: { key: record.key } });
    await remove(store);
    expect(await store.isWhole(given)).toBe(true);
  });

  it('keeps what was written within its grace', async () => {
    const store = memoryStore();
    await make(store, 'spare');
    const { garbage, young } = await gc(store, { graceSeconds: 60, dryRun: false });
    expect(countOf({ garbage } as GcResult)).toBe(0);
    expect(young.objects).toBe(5);
  });

  it('removes it once the grace is over, also where nothing was written since', async () => {
    const store = memoryStore();
    await make(store, 'spare');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    try {
      expect(countOf(await gc(store, { graceSeconds: 60, dryRun: true }))).toBe(5);
      expect(countOf(await gc(store, { graceSeconds: 60, dryRun: false }))).toBe(5);
    } finally {
      vi.useRealTimers();
    }
  });

  it('that is interrupted removes nothing more, and lets writers go on', async () => {
    const store = memoryStore();
    const spare = await make(store, 'spare');
    const interrupted = gc(store, { graceSeconds: 0, dryRun: false, signal: AbortSignal.abort() });
    await expect(interrupted).rejects.toMatchObject({ code: 'Interrupted' });
    expect(await isThere(store, spare)).toBe(true);
    expect(await store.sweeps.settled()).toBe(1);
  });

  it.each([
    ['a damaged run', 'RunCorrupt', 'runs/run'],
    ['a damaged pin', 'PinCorrupt', 'pins/'],
    ['a finished run that cannot be read whole', 'MarksIncomplete', 'artifacts/'],
  ])('removes nothing beside %s', async (_, errorCode, prefix) => {
    const store = memoryStore();
    const [made] = (await finish(store, 'run', ['made'])) as [ActionRecord];
    await store.pins.put({ ref: outOf(made), name: 'x', because: '', at: startedAt });
    await make(store, 'spare');
    const key =
      prefix === 'artifacts/' ? contentKey('artifacts', outOf(made).digest) : (await store.objects.list(prefix))[0];
    await store.objects.put(key as string, Buffer.from('{'), { overwrite: true });
    const before = await store.objects.list('');
    await expect(remove(store)).rejects.toMatchObject({ code: errorCode });
    expect((await store.objects.list('')).filter((each) => !each.startsWith('gc/'))).toEqual(before);
  });

  it('takes checkpoints of actions that nothing needs, while no run is under way', async () => {
    const store = memoryStore();
    await finish(store, 'run', ['kept']);
    const lost = `checkpoints/${hexOf(digestOf('lost'))}/state`;
    await store.objects.put(lost, Buffer.from('x'));
    await store.putRun(documentOf('live', [], 'running'));
    await remove(store);
    expect(await store.objects.has(lost)).toBe(true);
    await store.removeRun('live');
    await remove(store);
    expect(await store.objects.has(lost)).toBe(false);
  });
});

describe('sweeps', () => {
  it('take away what a writer relied on: its record is not accepted, and made anew it is', async () => {
    const store = memoryStore();
    const since = await store.sweeps.settled();
    const file = await store.putFile('x', Buffer.from('relied on'), 'text/plain');
    const out = await store.putArtifact({ type: 'metrics', meta: {}, files: [file] });
    const source = { code: await store.putArtifact({ type: 'code', meta: {}, files: [] }) };
    await remove(store);
    const record = recordOf(actionOf('late'), { out }, { source });
    await expect(store.putRecord(record, since)).rejects.toMatchObject({ code: 'SweptAway', retryable: true });
    await expect(make(store, 'late')).resolves.toMatchObject({ key: record.key });
  });

  it('let a record be that has all it stands on', async () => {
    const store = memoryStore();
    const since = await store.sweeps.settled();
    await finish(store, 'run', ['made']);
    await remove(store);
    const record = (await make(store, 'made')) as ActionRecord;
    await expect(store.putRecord(record, since)).resolves.toMatchObject({ nonReproducible: false });
  });

  it('have writers wait for their end', async () => {
    const sweeps = new Sweeps(new MemoryObjects());
    const sweep = await sweeps.begin();
    let settled = false;
    const waiting = sweeps.settled().then(() => {
      settled = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(settled).toBe(false);
    await sweep.end();
    await waiting;
    expect(settled).toBe(true);
  });

  it('begin one at a time', async () => {
    const sweeps = new Sweeps(new MemoryObjects());
    let [on, most, done] = [0, 0, 0];
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        const sweep = await sweeps.begin().catch(() => undefined);
        if (!sweep) return;
        on += 1;
        most = Math.max(most, on);
        await new Promise((resolve) => setTimeout(resolve, 20));
        on -= 1;
        done += 1;
        await sweep.end();
      }),
    );
    expect(most).toBe(1);
    expect(done).toBeGreaterThan(0);
    expect(await sweeps.settled()).toBe(done);
  });

  it('that died are over after a while, and the one that was taken for dead removes nothing more', async () => {
    const objects = new MemoryObjects();
    const sweeps = new Sweeps(objects, 300);
    const sweep = await sweeps.begin();
    sweep.check();
    // Its process stands still: no timer of it fires.
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 1e6);
    expect(() => sweep.check()).toThrow(expect.objectContaining({ code: 'SweepLost' }));
    vi.restoreAllMocks();
    expect(await new Sweeps(objects, 300).settled()).toBe(1);
    expect(() => sweep.check()).toThrow(expect.objectContaining({ code: 'SweepLost' }));
    await sweep.end();
    expect(await (await new Sweeps(objects, 300).begin()).end()).toBeUndefined();
    expect(await sweeps.settled()).toBe(2);
  });

  it('go on under a claim whose owner died before it began', async () => {
    const objects = new MemoryObjects();
    await objects.put('gc/claim-1', Buffer.from('x'));
    const sweep = await new Sweeps(objects, 300).begin();
    await sweep.end();
    expect(await new Sweeps(objects).settled()).toBe(1);
  });

  it('are counted anew where the count was damaged, past any that a writer may have seen', async () => {
    const store = new Store(new MemoryObjects());
    const since = await store.sweeps.settled();
    await remove(store);
    await store.objects.put('gc/generation', Buffer.from('{'), { overwrite: true });
    expect(await store.sweeps.unswept(since)).toBe(false);
    await store.sweeps.restore();
    expect(await store.sweeps.unswept(since)).toBe(false);
    expect(await store.sweeps.unswept(1)).toBe(false);
  });
});
