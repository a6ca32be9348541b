import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ActionRecord } from '../../core/action.ts';
import { digestOf } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { PlanNode } from '../../core/plan.ts';
import { artifactsUsedAs, isMeasuring, isRaw, nodesUsedAs, roleOf } from '../../provenance/roles.ts';
import { endsInData } from '../../provenance/trace/chain.ts';
import { kindPlaces, repository } from '../../schemas/kind-places.ts';
import { recordOf } from '../helpers/record.ts';

const made = (kind: string, params: JsonObject = {}): { record: ActionRecord } => ({
  record: recordOf({ kind, params, seed: 1, code: digestOf('code') }, {}),
});

describe('provenance', () => {
  it('names no stage kind', () => {
    const folder = join(repository, 'provenance');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    expect(files.length).toBeGreaterThan(30);
    const naming = files.flatMap((name) => {
      // Paths of imports may look alike: `../report/build.ts`.
      const text = readFileSync(join(folder, name), 'utf8').replace(/^.*from '.*';$/gm, '');
      return kindPlaces().flatMap(({ kind }) => (text.includes(kind) ? [`${name}: ${kind}`] : []));
    });
    expect(naming).toEqual([]);
  });

  it('asks the schema what a stage is, and what it took for which use', () => {
    const weights = { type: 'weights', digest: digestOf('w') };
    const scored = made('evaluate/verification', { recognizer: weights, benchmarks: {} });
    expect([roleOf(scored), isMeasuring(scored, 'accuracy'), isMeasuring(scored, 'privacy')]).toEqual([
      'evaluation',
      true,
      false,
    ]);
    expect(artifactsUsedAs(scored, 'scored-model')).toEqual([weights]);
    const params = { recognizers: [{ artifact: { $node: 'a', $output: 'weights' } }], metrics: [] };
    expect(nodesUsedAs({ kind: 'recognizer/select', params } as unknown as PlanNode, 'candidates')).toEqual(['a']);
    expect(isRaw(made('data/benchmarks#part'))).toBe(true);
  });

  it('concludes nothing from a kind that this checkout does not have', () => {
    const unknown = made('data/recordio', { data: { type: 'dataset', digest: digestOf('d') } });
    expect([roleOf(unknown), isRaw(unknown), isMeasuring(unknown, 'accuracy')]).toEqual(['unknown', false, false]);
    expect(artifactsUsedAs(unknown, 'training-data')).toEqual([]);
    const step = { ...unknown, id: 'photos', parts: 0, wallSeconds: 0, inputs: [] };
    expect(endsInData({ tops: ['photos'], steps: [step], ends: ['photos'] })).toBe(false);
  });
});
