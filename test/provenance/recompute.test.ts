import { beforeEach, describe, expect, it } from 'vitest';
import { factsOf } from '../../activities/centers-compute/facts.ts';
import { writeCenters } from '../../artifacts/codecs/centers.ts';
import { inquiriesCodec, putInquiryRows } from '../../artifacts/codecs/inquiries.ts';
import { putMetrics } from '../../artifacts/codecs/metrics.ts';
import { pairScoresPath, readPairScores, scoresCodec } from '../../artifacts/codecs/scores.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import { encodePairScores } from '../../artifacts/scores.ts';
import { actionKey, type Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { digestOf } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import type { PlanNode } from '../../core/plan.ts';
import type { Checkout } from '../../engine/checkout.ts';
import { verificationMetrics, verificationMetricsBefore2 } from '../../metrics/verification.ts';
import { recomputeMetrics } from '../../provenance/audit/recompute.ts';
import { Ledger } from '../../provenance/audit/result.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { recordOf } from '../helpers/record.ts';
import { putRecognizer } from '../methods/cemiface/tiny.ts';

const store = memoryStore();
/** This checkout has the code of every record. */
const checkout = { differsFrom: async () => undefined } as Partial<Checkout> as Checkout;
let metrics: ReturnType<typeof verificationMetrics>;
let scores: ArtifactRef;

beforeEach(async () => {
  const pairs = {
    distance: Float32Array.from({ length: 20 }, (_, i) => (i % 2 ? 2.5 : 0.5)),
    same: Uint8Array.from({ length: 20 }, (_, i) => (i % 2 ? 0 : 1)),
    fold: Int32Array.from({ length: 20 }, (_, i) => i >> 1),
  };
  const file = await store.putFile(pairScoresPath('lfw'), encodePairScores(pairs), 'application/octet-stream');
  scores = await scoresCodec.write(store, { sets: ['lfw'] }, [file]);
  metrics = verificationMetrics([['lfw', pairs, file.digest]]);
});

const audit = async (kind: string, outputs: Outputs, params: JsonObject = {}) => {
  const action = { kind, params, seed: 1, code: digestOf('code') };
  const key = actionKey(action);
  const node = { id: 'verify', kind, params: {}, matrix: {} } as Partial<PlanNode> as PlanNode;
  const declared = { spec: { path: 'e.yaml' }, startedAt: '2026-01-01T00:00:00+00:00' };
  const plan = { experiment: 'e', nodes: [node] };
  const run = { id: 'r', experiment: 'e', plan, nodes: { verify: { key } }, ...declared };
  const lineage: Lineage = { run, records: new Map([[key, recordOf(action, outputs)]]), digests: new Map() };
  const ledger = new Ledger();
  const found = await recomputeMetrics(lineage, store, ledger, checkout);
  return { found, ledger };
};

describe('centers', () => {
  const made = { source: 'mean', data: digestOf('data'), recognizer: digestOf('recognizer') } as const;
  const rows = {
    centers: Float32Array.of(1, 0),
    similarity: Float32Array.of(0.9, 0.5, 0.7, 0.6),
    labels: new Int32Array(4),
  };
  const params = {
    ...{ source: 'mean', groups: 2 },
    data: { type: 'dataset', digest: made.data },
    recognizer: { type: 'weights', digest: made.recognizer },
  };

  it('state the groups and bounds that the similarities of their images give', async () => {
    const { group, meta } = factsOf(rows, 2, 2, made);
    const centers = await writeCenters(store, { ...rows, group }, meta);
    const { found, ledger } = await audit('centers/compute', { centers }, params);
    expect(ledger.problems).toEqual([]);
    expect(found.get(centers.digest)).toBe('from similarities of images to their centers');
    const [first, ...others] = meta.groups as [(typeof meta.groups)[number]];
    const untrue = { ...meta, groups: [{ ...first, meanLowest: 0.9 }, ...others] };
    const edited = await writeCenters(store, { ...rows, group }, untrue);
    const { ledger: noted, found: none } = await audit('centers/compute', { centers: edited }, params);
    expect(noted.problems).toMatchObject([{ fault: 'not reproduced', where: 'verify' }]);
    expect(none.has(edited.digest)).toBe(false);
  });
});

describe('sets that a report shows', () => {
  const rows = (count: number) => ({
    ...{ count, embeddingSize: 2, embeddings: new Float32Array(2 * count) },
    ...{ identities: new Int32Array(count), images: new Int32Array(count) },
  });
  const vectors = async (stated: number, held: number): Promise<ArtifactRef> => {
    const facts = { images: 0, embeddingSize: 2, origin: 'random', recognizer: digestOf('r') } as const;
    return inquiriesCodec.write(store, { identities: stated, ...facts }, await putInquiryRows(store, rows(held)));
  };
  const images = async (stated: number): Promise<ArtifactRef> => {
    const writer = new DatasetWriter(store, { height: 2, width: 2 });
    for (const identity of [0, 1]) await writer.add({ identity, image: 0, pixels: new Uint8Array(12) });
    const facts = { embeddingSize: 2, origin: 'images', recognizer: digestOf('r'), maxSimilarity: 0.3 } as const;
    const files = [...(await writer.files()), ...(await putInquiryRows(store, rows(2)))];
    return inquiriesCodec.write(store, { ...writer.counts(), ...facts, images: stated }, files);
  };
  const count = async (ref: ArtifactRef) => audit('report/build', {}, { samples: [{ ...ref }] });

  it('are counted: images of inquiries, and vectors of those that have none', async () => {
    for (const ref of [await vectors(3, 3), await images(2)]) {
      const { found, ledger } = await count(ref);
      expect([...found]).toEqual([[ref.digest, 'counted in the images']]);
      expect(ledger.problems).toEqual([]);
    }
  });

  it('are faulty where they hold another number', async () => {
    expect((await count(await vectors(4, 3))).ledger.problems).toMatchObject([{ fault: 'not verifiable' }]);
    expect((await count(await images(3))).ledger.problems).toMatchObject([{ fault: 'not reproduced' }]);
  });
});

describe('metrics that are computed again', () => {
  it('count where they are what the scores give', async () => {
    const ref = await putMetrics(store, metrics);
    const { found, ledger } = await audit('evaluate/verification', { metrics: ref, scores });
    expect([...found]).toEqual([[ref.digest, 'from pair scores']]);
    expect(ledger.problems).toEqual([]);
  });

  it('count as well where they were stored before version 2', async () => {
    const pairs = await readPairScores(store, await scoresCodec.read(store, scores), 'lfw');
    const old = verificationMetricsBefore2([['lfw', pairs, metrics.sets.lfw?.scores as string]]);
    const ref = await putMetrics(store, old);
    const { found, ledger } = await audit('evaluate/verification', { metrics: ref, scores });
    expect([...found]).toEqual([[ref.digest, 'from pair scores']]);
    expect(ledger.problems).toEqual([]);
  });

  it('are not reproduced where they state another order of colours than the recognizer', async () => {
    const recognizer = { ...(await putRecognizer(store)) };
    const stated = async (channels: 'rgb' | 'bgr') => {
      const ref = await putMetrics(store, { ...metrics, channels });
      return audit('evaluate/verification', { metrics: ref, scores }, { recognizer });
    };
    expect((await stated('rgb')).ledger.problems).toEqual([]);
    expect((await stated('bgr')).ledger.problems).toMatchObject([{ fault: 'not reproduced', where: 'verify' }]);
  });

  it('are not reproduced where a number was edited', async () => {
    const ref = await putMetrics(store, { ...metrics, average: 0.99 });
    const { found, ledger } = await audit('evaluate/verification', { metrics: ref, scores });
    expect(found.size).toBe(0);
    expect(ledger.problems).toMatchObject([{ fault: 'not reproduced', where: 'verify' }]);
  });

  it('are not verifiable where the scores are of another form', async () => {
    const other = await scoresCodec.write(store, { images: 3 }, []);
    const ref = await putMetrics(store, metrics);
    const { ledger } = await audit('evaluate/verification', { metrics: ref, scores: other });
    expect(ledger.problems).toMatchObject([{ fault: 'not verifiable', where: 'verify' }]);
  });

  it('are left out for a kind that this checkout does not have', async () => {
    const ref = await putMetrics(store, metrics);
    const { found, ledger } = await audit('evaluate/elsewhere', { metrics: ref, scores });
    expect([found.size, ledger.problems.length]).toEqual([0, 0]);
  });
});
