import { describe, expect, it } from 'vitest';
import type { Action, ActionRecord } from '../../core/action.ts';
import { digestOf } from '../../core/digest.ts';
import type { Store } from '../../store/index.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { recordOf as blankRecord } from '../helpers/record.ts';
import { allRecords, damagedObjects, doneTwice, forget } from './audit.ts';
import type { Series } from './session.ts';
import { allHeld, markdown } from './table.ts';

/** A record whose output is an artifact of one blob for each content. */
const recordOf = async (store: Store, kind: string, contents: readonly string[], more: Partial<ActionRecord> = {}) => {
  const action: Action = { kind, params: {}, seed: 1, code: digestOf('code') };
  const files = await Promise.all(contents.map((text) => store.putFile(text, Buffer.from(text), 'text/plain')));
  const out = await store.putArtifact({ type: 'metrics', meta: { kind }, files });
  return blankRecord(
    action,
    { out },
    { endedAt: '2026-01-01T00:01:00+00:00', spent: { wallSeconds: 60, cpuSeconds: 60, peakMemoryBytes: 0 }, ...more },
  );
};

describe('the audit after a trial', () => {
  it('finds every kind of object whose bytes are not what its key names', async () => {
    const store = memoryStore();
    await store.putRecord(await recordOf(store, 'a', ['one']));
    await store.objects.put(`checkpoints/${'a'.repeat(64)}/parts/${digestOf('part').slice(7)}`, Buffer.from('part'));
    expect(await damagedObjects(store)).toEqual([]);
    const named = [...store.objects.map.keys()].filter((key) => /[0-9a-f]{62}$/.test(key));
    expect(named.map((key) => key.split('/')[0]).sort()).toEqual(['actions', 'artifacts', 'blobs', 'checkpoints']);
    for (const key of named) await store.objects.put(key, Buffer.from('half'), { overwrite: true });
    expect((await damagedObjects(store)).sort()).toEqual(named.sort());
  });

  it('finds an action that was begun again after its record was there, and no other', async () => {
    const store = memoryStore();
    await store.putRecord(await recordOf(store, 'a', ['one']));
    await store.putRecord(await recordOf(store, 'a', ['one'], { startedAt: '2026-01-01T00:00:30+00:00' }));
    await store.putRecord(await recordOf(store, 'b', ['one'], { startedAt: '2026-01-02T00:00:00+00:00' }));
    expect(await doneTwice(store)).toEqual([]);
    await store.putRecord(await recordOf(store, 'a', ['one'], { startedAt: '2026-01-01T00:02:00+00:00' }));
    expect(await doneTwice(store)).toEqual(['a']);
  });
});

describe('forgetting a kind', () => {
  it('removes its records, those of its parts, and the content that no other record needs', async () => {
    const store = memoryStore();
    for (const [kind, contents] of [
      ['a', ['own', 'shared']],
      ['a#part', ['part']],
      ['ab', ['shared', 'other']],
    ] as const)
      await store.putRecord(await recordOf(store, kind, contents));
    await forget(store, ['a']);
    expect((await allRecords(store)).map(({ action }) => action.kind)).toEqual(['ab']);
    const has = (text: string) => store.hasBlob(digestOf(text));
    expect(await Promise.all(['own', 'part', 'shared', 'other'].map(has))).toEqual([false, false, true, true]);
  });
});

describe('the table', () => {
  it('counts what held among the trials that asked, and marks what did not', () => {
    const trial = { index: 0, date: '', seconds: 1, missed: 0, at: '', happened: '' };
    const series: Series = {
      name: 'x',
      harm: 'harm',
      trials: [
        { ...trial, checks: { equal: true, kept: true }, figures: { 'lost, s': 1 } },
        { ...trial, checks: { equal: false }, figures: { 'lost, s': 2.5 } },
      ],
    };
    expect(markdown([series])).toContain(
      '| harm | 2 | **equal 1 of 2**; kept 1 of 1 | lost, s: median 1.75, most 2.50 |',
    );
    expect(allHeld([series])).toBe(false);
  });
});
