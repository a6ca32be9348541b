import sharp from 'sharp';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import { type ActionRecord, actionKey, type Outputs } from '../../core/action.ts';
import type { ArtifactRef, ArtifactType } from '../../core/artifact.ts';
import { type Digest, digestOf } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import { type PlanNode, planDigest, toAction } from '../../core/plan.ts';
import { openRun, sealRun } from '../../engine/seal.ts';
import type { RunDocument, Store } from '../../store/index.ts';
import { recordOf } from '../helpers/record.ts';

const side = 16;
const inquiryFacts = { identities: 4, images: 4, height: side, width: side, embeddingSize: 2, maxSimilarity: 0.3 };
const take = (id: string, output: string): JsonObject => ({ $node: id, $output: output });

/**
 * A small run as its workers would have left it: photos, a recognizer, inquiries, a generator and its set. Nothing was computed.
 *
 * @param photos what the photos state of themselves, as a set from outside of a JPEG, a PNG and a WebP
 */
export const makeRun = async (
  store: Store,
  { licence = 'CC0-1.0', faces = 'real', photos = undefined as JsonObject | undefined } = {},
): Promise<{ document: RunDocument; lineage: Lineage }> => {
  const nodes: PlanNode[] = [];
  const outputs = new Map<string, Outputs>();
  const keys: { [id: string]: { key: Digest } } = {};
  const file = (name: string) => store.putFile(`${name}.safetensors`, Buffer.from(name), 'application/octet-stream');
  const artifact = async (type: ArtifactType, name: string, meta: JsonObject = {}): Promise<ArtifactRef> =>
    store.putArtifact({ type, meta, files: [await file(name)] });
  const images = async (count: number, meta: JsonObject & { origin: string }): Promise<ArtifactRef> => {
    const writer = new DatasetWriter(store, { height: side, width: side });
    for (let identity = 0; identity < count; identity++)
      for (let image = 0; image < 2; image++)
        await writer.add({ identity, image, pixels: new Uint8Array(side * side * 3).fill(identity * 20 + image) });
    return store.putArtifact({ type: 'dataset', meta: { ...meta, ...writer.counts() }, files: await writer.files() });
  };
  /** A JPEG, a PNG and a WebP, as a set from outside holds them. */
  const imported = async (meta: JsonObject): Promise<ArtifactRef> => {
    const writer = new DatasetWriter(store, { height: side, width: side });
    for (const [identity, format] of (['jpeg', 'png', 'webp'] as const).entries()) {
      const plain = sharp({ create: { width: side, height: side, channels: 3, background: { r: 40, g: 90, b: 9 } } });
      await writer.addEncoded({ identity, image: 0, bytes: await plain.toFormat(format).toBuffer() });
    }
    return writer.finish({ origin: 'import', peopleShown: 'real', ...meta });
  };
  const source = await store.putFile('activities/made.ts', Buffer.from('export {};\n'), 'text/plain; charset=utf-8');
  const code = await store.putArtifact({ type: 'code', meta: {}, files: [source] });
  const add = async (id: string, kind: string, params: JsonObject, made: Outputs): Promise<void> => {
    const base = { seed: 7, code: digestOf(kind), resource: 'cpu', sharded: false, matrix: {} } as const;
    const types = Object.fromEntries(Object.entries(made).map(([name, { type }]) => [name, type]));
    const node: PlanNode = { id, stage: id.split('[')[0] as string, kind, params, outputs: types, ...base };
    const action = toAction(node, outputs);
    const record: ActionRecord = recordOf(action, made, { source: { code } });
    await store.putRecord(record);
    nodes.push(node);
    outputs.set(id, made);
    keys[id] = { key: actionKey(action) };
  };
  await add(
    'photos',
    'data/folder',
    { size: side, onBadFile: 'fail' },
    {
      data: photos ? await imported(photos) : await images(3, { origin: 'folder', faces, licence, consent: '' }),
    },
  );
  await add(
    'teacher',
    'recognizer/train',
    { data: take('photos', 'data'), lr: 0.1, epochs: 1, milestones: [] },
    {
      weights: await artifact('weights', 'teacher'),
    },
  );
  await add(
    'inquiries',
    'inquiry/select',
    { data: take('photos', 'data'), recognizer: take('teacher', 'weights') },
    {
      inquiries: await artifact('inquiries', 'inquiries', inquiryFacts),
    },
  );
  await add(
    'generator',
    'diffusion/train',
    { data: take('photos', 'data'), lr: 1, network: { base: 16 } },
    {
      weights: await artifact('weights', 'generator'),
    },
  );
  await add(
    'synthetic[m=0.5]',
    'diffusion/generate',
    { generator: take('generator', 'weights'), inquiries: take('inquiries', 'inquiries'), m: 0.5 },
    { data: await images(4, { origin: 'generated', m: 0.5, oversample: 0 }) },
  );
  const plan = { experiment: 'made', nodes };
  const id = `made-${planDigest(plan).slice('sha256:'.length, 'sha256:'.length + 12)}`;
  const run = {
    id,
    experiment: 'made',
    plan,
    nodes: keys,
    spec: { path: '/made.yaml' },
    startedAt: '2026-01-01T00:00:00.000+00:00',
  };
  const root = await sealRun(store, run);
  const document = {
    id,
    plan,
    spec: run.spec,
    startedAt: run.startedAt,
    workflowId: id,
    root: root.digest,
    nodes: keys,
  };
  await store.putRun(document);
  return { document, lineage: await openRun(store, root) };
};
