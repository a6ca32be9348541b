import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { putBenchmarks, putPairs } from '../../artifacts/benchmarks.ts';
import { type Codec, defineCodec } from '../../artifacts/codec.ts';
import { putStatement, readStatement } from '../../artifacts/codecs/adoption.ts';
import { benchmarksCodec, readPairs, setPrefix } from '../../artifacts/codecs/benchmarks.ts';
import { centersCodec, readCenters, writeCenters } from '../../artifacts/codecs/centers.ts';
import { codeCodec } from '../../artifacts/codecs/code.ts';
import { countImages, type DatasetWritten, datasetCodec } from '../../artifacts/codecs/dataset.ts';
import { filesCodec } from '../../artifacts/codecs/files.ts';
import { codecs } from '../../artifacts/codecs/index.ts';
import { inquiriesCodec, putInquiryRows, readInquiryRows } from '../../artifacts/codecs/inquiries.ts';
import { putMetrics, readMetricsOf } from '../../artifacts/codecs/metrics.ts';
import { selectionKind, trainingKind } from '../../artifacts/codecs/metrics-kinds.ts';
import { verificationKind } from '../../artifacts/codecs/metrics-verification.ts';
import { recognizerOf } from '../../artifacts/codecs/recognizer.ts';
import { reportCodec } from '../../artifacts/codecs/report.ts';
import { readRunRecord, runCodec } from '../../artifacts/codecs/run.ts';
import {
  pairScoresPath,
  putNearest,
  readImageScores,
  readNearest,
  readPairScores,
  scoresCodec,
  similarityFile,
} from '../../artifacts/codecs/scores.ts';
import { loadWeights, weightsCodec, writeWeights } from '../../artifacts/codecs/weights.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import { toJson } from '../../artifacts/finite.ts';
import { encodeImageScores, encodeNearest, encodePairScores, nearestFiles } from '../../artifacts/scores.ts';
import { type ArtifactManifest, type ArtifactRef, type ArtifactType, artifactTypes } from '../../core/artifact.ts';
import { digestOf } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { ArtifactStore } from '../../core/stage.ts';
import { generatorMetaOf } from '../../methods/cemiface/weights.ts';
import { verificationMetrics, verificationMetricsBefore2 } from '../../metrics/verification.ts';
import { presets } from '../../nn/recognizer/config.ts';
import { repository } from '../../schemas/kind-places.ts';
import { memoryStore } from '../helpers/memory-store.ts';

const octets = 'application/octet-stream';
const size = { height: 4, width: 6 };
const floats = (...values: number[]) => Float32Array.from(values);
const ints = (...values: number[]) => Int32Array.from(values);

const shards = async (store: ArtifactStore, prefix = '') => {
  const writer = new DatasetWriter(store, { ...size, prefix });
  for (const identity of [0, 1]) await writer.add({ identity, image: 0, pixels: new Uint8Array(72).fill(identity) });
  return { files: await writer.files(), counts: writer.counts() };
};

const network = { family: 'recognizer', ...(toJson(presets.small, 'small') as JsonObject) };

/** One artifact of each form that a type has: how it is written, fields that readers need, and a file that must be readable. */
interface Sample {
  readonly name: string;
  readonly type: ArtifactType;
  readonly needs: readonly string[];
  /** The field that is missed in another's stead: scores without sets could be those of images. */
  readonly missed?: { readonly [field: string]: string };
  /** Absent where any bytes will do. */
  readonly file?: string;
  /** Reads that file. */
  read?(store: ArtifactStore, ref: ArtifactRef): Promise<unknown>;
  make(store: ArtifactStore): Promise<ArtifactRef>;
}

const samples: readonly Sample[] = [
  {
    ...{ name: 'dataset', type: 'dataset', needs: ['identities', 'images', 'height', 'width'] },
    file: 'shards/000000.tar',
    make: async (store) => {
      const { files, counts } = await shards(store);
      return datasetCodec.write(store, { ...counts, peopleShown: 'drawn', origin: 'new' }, files);
    },
    read: async (store, ref) => countImages(await datasetCodec.read(store, ref), store),
  },
  {
    ...{ name: 'benchmarks', type: 'benchmarks', needs: ['sets', 'height', 'width'] },
    file: 'lfw/pairs.safetensors',
    make: async (store) => {
      const { files } = await shards(store, setPrefix('lfw'));
      const pairs = { left: ints(0), right: ints(1), same: Uint8Array.of(0), fold: ints(3) };
      const meta = { sets: ['lfw'], ...size, peopleShown: 'drawn', origin: 'new' } as const;
      return putBenchmarks(store, [...files, await putPairs(store, 'lfw', pairs, 2)], { ...meta, sets: ['lfw'] });
    },
    read: async (store, ref) => readPairs(store, await benchmarksCodec.read(store, ref), 'lfw', 2),
  },
  {
    ...{ name: 'weights', type: 'weights', needs: ['network'], file: 'model.safetensors' },
    make: (store) => writeWeights(store, { a: { dtype: 'F32', shape: [2], data: floats(1, 2) } }, { network }),
    read: loadWeights,
  },
  {
    ...{ name: 'centers', type: 'centers', file: 'centers.safetensors' },
    needs: ['source', 'identities', 'images', 'embeddingSize', 'similarity', 'groups'],
    make: (store) =>
      writeCenters(
        store,
        { centers: floats(1, 0), similarity: floats(0.5), group: ints(0), labels: ints(0) },
        {
          ...{ source: 'mean', identities: 1, images: 1, embeddingSize: 2, similarity: 0.5 },
          ...{ data: digestOf('d'), recognizer: digestOf('r') },
          groups: [{ images: 1, mean: 0.5, lowest: 0.5, highest: 0.5 }],
        },
      ),
    read: async (store, ref) => readCenters(store, await centersCodec.read(store, ref)),
  },
  {
    ...{ name: 'inquiries', type: 'inquiries', file: 'embeddings.safetensors' },
    needs: ['identities', 'images', 'height', 'width', 'embeddingSize', 'maxSimilarity'],
    make: async (store) => {
      const { files, counts } = await shards(store);
      const rows = {
        count: 2,
        embeddingSize: 2,
        embeddings: floats(1, 0, 0, 1),
        identities: ints(4, 5),
        images: ints(0, 0),
      };
      const all = [...files, ...(await putInquiryRows(store, rows))];
      const facts = { origin: 'images', embeddingSize: 2, recognizer: digestOf('r'), maxSimilarity: 0.3 } as const;
      return inquiriesCodec.write(store, { ...counts, ...facts, candidates: 7 }, all);
    },
    read: async (store, ref) => readInquiryRows(store, await inquiriesCodec.read(store, ref), 2),
  },
  {
    ...{ name: 'scores of pairs', type: 'scores', needs: ['sets'], missed: { sets: 'images' } },
    file: pairScoresPath('lfw'),
    make: async (store) => {
      const scores = encodePairScores({ distance: floats(1), same: Uint8Array.of(1), fold: ints(0) });
      return scoresCodec.write(store, { sets: ['lfw'] }, [await store.putFile(pairScoresPath('lfw'), scores, octets)]);
    },
    read: async (store, ref) => readPairScores(store, await scoresCodec.read(store, ref), 'lfw'),
  },
  {
    ...{ name: 'scores of images', type: 'scores', needs: ['images'], file: similarityFile },
    make: async (store) => {
      const scores = encodeImageScores({ similarity: floats(1), identity: ints(0), image: ints(0) });
      return scoresCodec.write(store, { images: 1 }, [await store.putFile(similarityFile, scores, octets)]);
    },
    read: async (store, ref) => readImageScores(store, await scoresCodec.read(store, ref)),
  },
  {
    ...{
      name: 'scores of nearest identities',
      type: 'scores',
      needs: ['images', 'identities', 'strangers', 'strangerImages', 'imagesPerIdentity'],
      file: nearestFiles.strangers.identities,
    },
    make: async (store) => {
      const images = { similarity: floats(1), identity: ints(0), image: ints(0) };
      const identities = { identity: ints(0), nearest: ints(3), similarity: floats(0.2) };
      const meta = {
        identities: 1,
        images: 1,
        realIdentities: 2,
        strangers: 1,
        strangerImages: 1,
        imagesPerIdentity: 1,
      };
      return scoresCodec.write(store, meta, [
        ...(await putNearest(store, 'generated', { identities, images })),
        ...(await putNearest(store, 'strangers', { identities, images })),
      ]);
    },
    read: async (store, ref) => readNearest(store, await scoresCodec.read(store, ref), 'strangers'),
  },
  {
    ...{ name: 'metrics', type: 'metrics', needs: ['kind'], file: 'metrics.json' },
    make: (store) => putMetrics(store, { kind: 'training', series: { loss: { steps: [1], values: [0.5] } } }),
    read: (store, ref) => readMetricsOf(store, ref, trainingKind),
  },
  {
    ...{ name: 'report', type: 'report', needs: ['title'] },
    make: async (store) => {
      const files = [await store.putFile('report.json', Buffer.from('{"printed":[]}'), 'application/json')];
      return reportCodec.write(store, { title: 'T' }, files);
    },
  },
  {
    ...{ name: 'files', type: 'files', needs: ['executable'] },
    make: async (store) =>
      filesCodec.write(store, { executable: ['run.sh'] }, [
        await store.putFile('run.sh', Buffer.from(''), 'text/plain'),
      ]),
  },
  {
    ...{ name: 'code', type: 'code', needs: ['kind', 'code', 'packages'] },
    make: async (store) => {
      const files = [await store.putFile('stage.ts', Buffer.from('export {};'), 'text/plain')];
      return codeCodec.write(store, { kind: 'a/b', code: digestOf('x'), entry: 'stage.ts', packages: ['p@1'] }, files);
    },
  },
  {
    ...{ name: 'run', type: 'run', needs: ['id', 'experiment'], file: 'run.json' },
    make: async (store) => {
      const files = [await store.putFile('run.json', Buffer.from('{"id":"r"}'), 'application/json')];
      return runCodec.write(store, { id: 'r', experiment: 'e' }, files);
    },
    read: async (store, ref) => readRunRecord(store, await runCodec.read(store, ref)),
  },
  {
    ...{ name: 'adoption', type: 'adoption', needs: ['run'], file: 'adoption.json' },
    make: (store) =>
      putStatement(store, {
        ...{ format: 1, run: 'r', by: { host: 'h', user: 'u' }, at: '2026-01-01T00:00:00+00:00', seed: 1 },
        kinds: {},
      }),
    read: readStatement,
  },
];

describe.each(samples)('an artifact of type $type: $name', ({ type, needs, missed = {}, file, make, read }) => {
  const codec = codecs[type] as Codec<unknown, object>;
  const setUp = async () => {
    const store = memoryStore();
    const ref = await make(store);
    const manifest = await store.getArtifact(ref);
    const put = (change: Partial<ArtifactManifest>) => store.putArtifact({ ...manifest, ...change });
    return { store, ref, manifest, put };
  };
  const refused = async (field: string, change: (manifest: ArtifactManifest) => Partial<ArtifactManifest>) => {
    const { store, manifest, put } = await setUp();
    const ref = await put(change(manifest));
    const error = expect(codec.read(store, ref)).rejects;
    await error.toMatchObject({ code: 'ArtifactInvalid', data: { digest: ref.digest, field: `meta.${field}` } });
    await error.toThrow(`${type} ${ref.digest}: meta.${field}`);
  };

  it('is read as it was written, and written as it was read', async () => {
    const { store, ref, manifest } = await setUp();
    expect((await codec.read(store, ref)).meta).toEqual(codec.parse(manifest));
    expect(await codec.write(store, manifest.meta, manifest.files)).toEqual(ref);
    expect(manifest.meta).not.toHaveProperty('version');
  });

  it.each(needs)('is refused without %s', (name) =>
    refused(missed[name] ?? name, ({ meta }) => ({
      meta: Object.fromEntries(Object.entries(meta).filter(([each]) => each !== name)),
    })),
  );

  it.each(needs)('is refused where %s is of another type', (name) =>
    refused(name, ({ meta }) => ({ meta: { ...meta, [name]: true } })),
  );

  it('is refused where its version is not known here', () =>
    refused('version', ({ meta }) => ({ meta: { ...meta, version: 2 } })));

  // A set without shards is an empty set.
  it.skipIf(read === undefined || type === 'dataset')('is refused where a file is gone', async () => {
    const { store, put } = await setUp();
    await expect(read?.(store, await put({ files: [] }))).rejects.toMatchObject({ code: 'ArtifactInvalid' });
  });

  it.skipIf(read === undefined)('is refused where a file is damaged', async () => {
    const { store, manifest, put } = await setUp();
    const bad = await store.putFile(file as string, Buffer.from('no such format'), octets);
    const ref = await put({ files: manifest.files.map((each) => (each.path === file ? bad : each)) });
    await expect(read?.(store, ref)).rejects.toMatchObject({
      code: 'ArtifactInvalid',
      data: { digest: ref.digest, field: file },
    });
  });

  it('is refused by the codec of another type', async () => {
    const { store, manifest } = await setUp();
    const other = type === 'run' ? datasetCodec : runCodec;
    expect(() => other.parse(manifest)).toThrow(/type must be/);
    expect(await store.getArtifact(await make(store))).toEqual(manifest);
  });
});

it('there is a codec, and a sample, for every type', () => {
  expect(Object.keys(codecs).sort()).toEqual([...artifactTypes].sort());
  expect([...new Set(samples.map(({ type }) => type))].sort()).toEqual([...artifactTypes].sort());
});

describe('a codec of more than one version', () => {
  const codec = defineCodec<{ readonly metres: number }>({
    type: 'metrics',
    versions: [
      (fields) => ({ metres: fields.number('feet') * 0.3048 }),
      (fields) => ({ metres: fields.number('metres') }),
    ],
  });

  it('reads old ones, and writes the newest with its number', async () => {
    const store = memoryStore();
    const old = await store.putArtifact({ type: 'metrics', meta: { feet: 10 }, files: [] });
    expect((await codec.read(store, old)).meta.metres).toBeCloseTo(3.048);
    const fresh = await codec.write(store, { metres: 2 }, []);
    expect((await store.getArtifact(fresh)).meta).toEqual({ metres: 2, version: 2 });
    expect((await codec.read(store, fresh)).meta).toEqual({ metres: 2 });
  });
});

describe('images', () => {
  const counts = { identities: 0, images: 0, ...size };
  const shown = (meta: JsonObject) =>
    datasetCodec.parse({ type: 'dataset', meta: { ...counts, ...meta }, files: [] }).peopleShown;

  it.each([
    [{ origin: 'folder', faces: 'real' }, 'real'],
    [{ origin: 'folder' }, 'real'],
    [{ origin: 'folder', faces: 'synthetic' }, 'generated'],
    [{ origin: 'procedural' }, 'drawn'],
    [{ origin: 'generated' }, 'generated'],
    [{ origin: 'recordio' }, 'real'],
    [{ origin: 'constructor' }, 'real'],
    [{}, 'real'],
    [{ origin: 'recordio', peopleShown: 'generated' }, 'generated'],
    [{ origin: 'procedural', peopleShown: 'real' }, 'real'],
  ] as const)('that say %j show people who are %s', (meta, wanted) => expect(shown(meta)).toBe(wanted));

  it('that mix several m say which, each value checked', () => {
    const mixture = (value: JsonObject) =>
      datasetCodec.parse({ type: 'dataset', meta: { ...counts, mixture: value }, files: [] }).mixture;
    expect(mixture({ among: [0, 0.5] })).toEqual({ among: [0, 0.5] });
    expect(mixture({ lowest: 0, highest: 0.1 })).toEqual({ lowest: 0, highest: 0.1 });
    expect(() => mixture({ among: [0, 'half'] })).toThrow(/meta\.mixture\.among must be a list of numbers/);
    expect(() => mixture({ lowest: 0 })).toThrow(/meta\.mixture\.highest must be a number, got nothing/);
  });

  it('from outside state where they come from and what was wrong with them, each fact checked; older ones state nothing', () => {
    const read = (meta: JsonObject) => {
      const found = datasetCodec.parse({ type: 'dataset', meta: { ...counts, ...meta }, files: [] });
      const { source, format, skipped, transparent, duplicates, similarNames } = found;
      return { source, format, skipped, transparent, duplicates, similarNames };
    };
    const facts = {
      ...{ source: 'the web', format: 'recordio', skipped: { count: 2, files: ['a.jpg'] }, transparent: 3 },
      duplicates: {
        ...{ bytes: 1, pixels: 2, acrossIdentities: 2, identityPairs: 1 },
        pairs: [{ left: 'ash', right: 'ash2', images: 1 }],
      },
      similarNames: { count: 1, groups: [['Ash', 'ash']] },
    };
    expect(read(facts)).toEqual(facts);
    expect(Object.values(read({})).every((value) => value === undefined)).toBe(true);
    expect(() => read({ skipped: { count: -1, files: [] } })).toThrow(/meta\.skipped\.count must be a whole number/);
    expect(() => read({ similarNames: { count: 1, groups: ['ash'] } })).toThrow(
      /groups must be a list of lists of names/,
    );
    expect(() => read({ duplicates: { ...facts.duplicates, pairs: [{ left: 1 }] } })).toThrow(/left must be a string/);
  });

  it('are not written without saying whom they show, whatever their origin', async () => {
    const store = memoryStore();
    const write = (meta: JsonObject) => datasetCodec.write(store, { ...counts, ...meta } as DatasetWritten, []);
    const wrong = { code: 'ArtifactInvalid', data: { field: 'meta.peopleShown' } };
    for (const origin of ['recordio', 'folder', 'procedural', 'generated'])
      await expect(write({ origin }), origin).rejects.toMatchObject(wrong);
    await expect(write({ peopleShown: 'nobody' })).rejects.toMatchObject(wrong);
  });

  it('have manifests that say so only where their origin does not, as those had that were written before', async () => {
    const store = memoryStore();
    const held = async (meta: JsonObject & Pick<DatasetWritten, 'peopleShown'>) =>
      (await store.getArtifact(await datasetCodec.write(store, { ...counts, ...meta }, []))).meta;
    const drawn = { ...counts, origin: 'procedural' };
    expect(await held({ origin: 'procedural', peopleShown: 'drawn' })).toEqual(drawn);
    expect(await held({ origin: 'procedural', peopleShown: 'real' })).toEqual({ ...drawn, peopleShown: 'real' });
    const folder = { ...counts, origin: 'folder', faces: 'synthetic' };
    expect(await held({ origin: 'folder', faces: 'synthetic', peopleShown: 'generated' })).toEqual(folder);
    expect(await held({ peopleShown: 'real' })).toEqual({ ...counts, peopleShown: 'real' });
  });
});

describe('weights', () => {
  const read = async (meta: JsonObject) => {
    const store = memoryStore();
    return weightsCodec.read(store, await store.putArtifact({ type: 'weights', meta, files: [] }));
  };

  it('of a recognizer give its configuration, each value checked', async () => {
    const { config, classes } = recognizerOf(await read({ network, classes: 7 }));
    expect({ family: 'recognizer', ...config }).toEqual(network);
    expect(classes).toBe(7);
    const bad = await read({ network: { ...network, embedding: 'many' } });
    expect(() => recognizerOf(bad)).toThrow(/meta\.network\.embedding must be a whole number from 1, got "many"/);
  });

  it('of another family are refused by name', async () => {
    const artifact = await read({ network });
    expect(() => generatorMetaOf(artifact)).toThrow(/meta\.network\.family must be unet, got recognizer/);
  });
});

describe('metrics', () => {
  it('of another kind, or with a damaged field, are refused', async () => {
    const store = memoryStore();
    const training = await putMetrics(store, { kind: 'training', series: { loss: { steps: [1, 2], values: [3] } } });
    await expect(readMetricsOf(store, training, verificationKind)).rejects.toThrow(
      /metrics\.json\.kind must be verification/,
    );
    await expect(readMetricsOf(store, training, trainingKind)).rejects.toThrow(
      /metrics\.json\.series\.loss\.values must be 2 numbers/,
    );
    const choice = { kind: 'selection', by: 'lfw', chosen: { m: 1 }, candidates: [{ matrix: { m: 1 }, value: 0.5 }] };
    expect(await readMetricsOf(store, await putMetrics(store, choice), selectionKind)).toEqual(choice);
  });
});

describe('metrics of a verification', () => {
  const store = memoryStore();
  const digest = digestOf('scores');
  const scores = {
    distance: Float32Array.from({ length: 40 }, (_, i) => (i % 2 ? 2 : 1) + i / 100),
    same: Uint8Array.from({ length: 40 }, (_, i) => 1 - (i % 2)),
    fold: Int32Array.from({ length: 40 }, (_, i) => i >> 2),
  };
  const read = async (metrics: JsonObject) =>
    readMetricsOf(store, await putMetrics(store, metrics as never), verificationKind);

  it('are read as they were written, also where they are older than version 2', async () => {
    const now = verificationMetrics([['lfw', scores, digest]], { channels: 'bgr' });
    expect(await read(now as never)).toEqual(now);
    const before = verificationMetricsBefore2([['lfw', scores, digest]]);
    expect(await read(before as never)).toEqual(before);
  });

  it('are refused where they are of a version that is not known, or a ROC is cut short', async () => {
    const now = verificationMetrics([['lfw', scores, digest]]);
    await expect(read({ ...now, version: 3 } as never)).rejects.toThrow(/version must be a whole number from 2 to 2/);
    const cut = { ...now.sets.lfw, roc: { far: [0, 1], tar: [1] } };
    await expect(read({ ...now, sets: { lfw: cut } } as never)).rejects.toThrow(/tar must be 2 numbers/);
  });
});

describe('numbers that are not finite are refused:', () => {
  const store = memoryStore();
  const nan = Number.NaN;
  const refused = (where: RegExp) => ({ code: 'NotFinite', message: expect.stringMatching(where) });
  const made = { data: digestOf('d'), recognizer: digestOf('r') };

  it('weights', async () => {
    const data = floats(1, 2, Number.POSITIVE_INFINITY);
    const tensors = { 'bn.running_var': { dtype: 'F32', shape: [3], data } } as const;
    await expect(writeWeights(store, tensors, { network })).rejects.toMatchObject(
      refused(/bn\.running_var\[2\].*Infinity/),
    );
  });

  it('embeddings of inquiries', () =>
    expect(
      putInquiryRows(store, {
        count: 1,
        embeddingSize: 2,
        embeddings: floats(0, nan),
        identities: ints(0),
        images: ints(0),
      }),
    ).rejects.toMatchObject(refused(/embeddings\[1\]/)));

  it('centers', () =>
    expect(
      writeCenters(
        store,
        { centers: floats(nan, 0), similarity: floats(1), group: ints(0), labels: ints(0) },
        { source: 'mean', identities: 1, images: 1, embeddingSize: 2, similarity: 1, groups: [], ...made },
      ),
    ).rejects.toMatchObject(refused(/centers\[0\]/)));

  it('scores', () => {
    expect(() => encodePairScores({ distance: floats(0, nan), same: Uint8Array.of(0, 1), fold: ints(0, 0) })).toThrow(
      /distance\[1\] must be a finite number, got NaN/,
    );
    expect(() => encodeImageScores({ similarity: floats(nan), identity: ints(0), image: ints(0) })).toThrow(
      /similarity\[0\]/,
    );
    expect(() => encodeNearest({ identity: ints(0), nearest: ints(0), similarity: floats(nan) })).toThrow(
      /similarity\[0\]/,
    );
  });

  it('metrics', () =>
    expect(
      putMetrics(store, { kind: 'training', series: { loss: { steps: [1, 2], values: [0.5, nan] } } }),
    ).rejects.toMatchObject(refused(/training\.series\.loss\.values\.1/)));

  it('facts of a manifest', () =>
    expect(
      inquiriesCodec.write(
        store,
        {
          ...{ identities: 1, images: 1, ...size, origin: 'images', embeddingSize: 2, maxSimilarity: nan },
          recognizer: digestOf('r'),
        },
        [],
      ),
    ).rejects.toMatchObject(refused(/inquiries\.meta\.maxSimilarity/)));
});

it('manifests are written by codecs alone', () => {
  const own = ['activities', 'artifacts', 'data', 'engine', 'methods', 'training'].flatMap((folder) =>
    readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name}`),
  );
  const writing = own.filter((file) => readFileSync(join(repository, file), 'utf8').includes('.putArtifact('));
  expect(writing).toEqual(['artifacts/codec.ts']);
});
