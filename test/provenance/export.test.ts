import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { unpackShard } from '../../artifacts/shards.ts';
import { exportBundle } from '../../client/export/bundle.ts';
import { exportCrate } from '../../client/export/crate.ts';
import { exportCroissant } from '../../client/export/croissant.ts';
import { writeFolder } from '../../client/export/folder.ts';
import type { ActionKey } from '../../core/action.ts';
import type { Digest } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import { sourceTypes } from '../../formats/generated-mark.ts';
import { decodeImage } from '../../formats/image.ts';
import { openStore, type RunDocument, type Store } from '../../store/index.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { loadCroissants, unmeetable, validateCrates } from '../helpers/validators.ts';
import { makeRun } from './made-run.ts';

type Entity = JsonObject & { '@id': string };

const fresh = (): string => join(mkdtempSync(join(tmpdir(), 'cemiflow-export-')), 'out');
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
const graphOf = (folder: string): Entity[] =>
  JSON.parse(readFileSync(join(folder, 'ro-crate-metadata.json'), 'utf8'))['@graph'];
const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

let store: Store;
let document: RunDocument;
let crate: string;
let croissant: string;
let bundle: string;

beforeAll(async () => {
  store = memoryStore();
  ({ document } = await makeRun(store));
  [crate, croissant, bundle] = [fresh(), fresh(), fresh()];
  await exportCrate(store, document, crate);
  await exportCroissant(store, document, 'synthetic[m=0.5]', croissant);
  await exportBundle(store, document, { without: [] }, bundle);
});

describe('a crate', () => {
  it('names every file in it, each with the digest and size of its bytes', () => {
    const files = graphOf(crate).filter((each) => [each['@type']].flat().includes('File'));
    expect(files.map((each) => decodeURIComponent(each['@id'])).sort()).toEqual(
      filesIn(crate).filter((path) => path !== 'ro-crate-metadata.json'),
    );
    for (const { '@id': id, sha256: digest, contentSize } of files) {
      const path = join(crate, decodeURIComponent(id));
      expect([id, digest, contentSize]).toEqual([id, sha256(path), `${readFileSync(path).length}`]);
    }
  });

  it('tells of each action what it took and made, with times in +00:00', () => {
    const graph = graphOf(crate);
    const byId = new Map(graph.map((each) => [each['@id'], each]));
    const action = graph.find(({ name }) => name === 'diffusion/generate for synthetic[m=0.5]');
    const taken = [action?.object].flat() as Entity[];
    expect(taken.map((each) => byId.get(each['@id'])?.name)).toEqual([
      'generator.weights',
      'inquiries.inquiries',
      'm',
      'seed',
    ]);
    const made = action?.result as Entity;
    expect(byId.get(made['@id'])).toMatchObject({
      ...{ '@type': 'Collection', name: 'synthetic[m=0.5].data', additionalType: 'dataset' },
      exampleOfWork: expect.arrayContaining([{ '@id': '#diffusion%2Fgenerate/output/data' }]),
    });
    const times = graph.flatMap(({ startTime, endTime }) => [startTime, endTime].filter(Boolean));
    expect(times.length).toBeGreaterThan(10);
    expect(times.every((time) => `${time}`.endsWith('+00:00'))).toBe(true);
  });

  it('refers to nothing that it does not describe', () => {
    const graph = graphOf(crate);
    const known = new Set(graph.map((each) => each['@id']));
    const named = JSON.stringify(graph).match(/\{"@id":"[^"]*"\}/g) ?? [];
    const unknown = named.map((each) => JSON.parse(each)['@id']).filter((id) => !known.has(id) && !/^https?:/.test(id));
    expect([...new Set(unknown)]).toEqual([]);
  });

  it('is the same, byte for byte, when it is written again, and from a copy of the store', async () => {
    const again = fresh();
    await exportCrate(await openStore({ folder: join(bundle, 'store') }), document, again);
    expect(filesIn(again)).toEqual(filesIn(crate));
    for (const path of filesIn(again)) expect(sha256(join(again, path))).toBe(sha256(join(crate, path)));
  });
});

/** @returns path of a description with something taken out of it, beside the same shards */
const spoiltCroissant = (
  // biome-ignore lint/suspicious/noExplicitAny: JSON of another format
  change: (whole: any) => void,
): string => {
  const folder = fresh();
  cpSync(croissant, folder, { recursive: true });
  const path = join(folder, 'croissant.json');
  const whole = JSON.parse(readFileSync(path, 'utf8'));
  change(whole);
  writeFileSync(path, JSON.stringify(whole));
  return path;
};

describe('validators', () => {
  it('accept crates and bundles, find what is taken out of one, and need no network', async () => {
    const spoilt = (change: (graph: Entity[]) => void): string => {
      const folder = fresh();
      cpSync(crate, folder, { recursive: true });
      const path = join(folder, 'ro-crate-metadata.json');
      const whole = JSON.parse(readFileSync(path, 'utf8'));
      change(whole['@graph']);
      writeFileSync(path, JSON.stringify(whole));
      return folder;
    };
    const of = (graph: Entity[], type: string): Entity =>
      graph.find((each) => [each['@type']].flat().includes(type)) as Entity;
    const less = fresh();
    await exportBundle(store, document, { without: ['dataset', 'weights'] }, less);
    const noInstrument = spoilt((graph) => delete of(graph, 'OrganizeAction').instrument);
    const noTool = spoilt((graph) => delete of(graph, 'HowToStep').workExample);
    const noAgent = spoilt((graph) => delete graph.find(({ '@id': id }) => id.startsWith('#action-'))?.agent);
    const found = await validateCrates([crate, bundle, less, noInstrument, noTool, noAgent]);
    for (const sound of [crate, bundle, less]) expect(found[sound]).toEqual(unmeetable);
    const more = (path: string): string => (found[path] ?? []).filter((each) => !unmeetable.includes(each)).join('\n');
    expect(more(noInstrument)).toMatch(
      /REQUIRED: An OrganizeAction must reference an entity representing the workflow engine/,
    );
    expect(more(noTool)).toMatch(/REQUIRED: A HowToStep must refer to its corresponding tool/);
    expect(more(noAgent)).toMatch(/RECOMMENDED: The Action SHOULD have an agent/);
  }, 600_000);

  it('load the images of a set with their identities, by either description', async () => {
    const files = [join(croissant, 'croissant.json'), join(bundle, 'sets/synthetic-m=0.5/croissant.json')];
    const flipped = spoiltCroissant(() => {});
    const shard = join(dirname(flipped), filesIn(dirname(flipped)).find((path) => path.endsWith('.tar')) as string);
    writeFileSync(shard, readFileSync(shard).fill(1, 700, 701));
    const nameless = spoiltCroissant((whole) => delete whole.distribution[0].contentUrl);
    const mixed = fresh();
    const foreign = memoryStore();
    await exportCroissant(foreign, (await makeRun(foreign, { photos: {} })).document, 'photos', mixed);
    const kinds = join(mixed, 'croissant.json');
    const found = await loadCroissants([...files, flipped, nameless, kinds]);
    expect(found[kinds]).toMatchObject({ error: null, warnings: [], records: [0, 1, 2].map((id) => [id, 0, 16, 16]) });
    const images = [0, 1, 2, 3].flatMap((identity) => [0, 1].map((index) => [identity, index, 16, 16]));
    for (const file of files)
      expect(found[file]).toEqual({
        ...{ error: null, version: 'http://mlcommons.org/croissant/1.1', warnings: [], records: images },
      });
    expect(found[flipped]?.error).toMatch(/GenerationError: .*Download/);
    expect(found[nameless]?.error).toMatch(/ValidationError: .*contentUrl/s);
  }, 600_000);
});

describe('a Croissant description', () => {
  const read = (folder = croissant) => JSON.parse(readFileSync(join(folder, 'croissant.json'), 'utf8'));

  it('names its shards and all that the set was derived from by digest', () => {
    const { distribution, ...found } = read();
    expect(distribution[0].sha256).toBe(sha256(join(croissant, distribution[0].contentUrl)));
    const sources = found['prov:wasDerivedFrom'] as Entity[];
    expect(sources.map((each) => each['prov:label'])).toEqual([
      'dataset data of photos (data/folder), licence CC0-1.0',
      'weights weights of teacher (recognizer/train)',
      'inquiries inquiries of inquiries (inquiry/select)',
      'weights weights of generator (diffusion/train)',
    ]);
    expect(sources.every((each) => /^urn:cemiflow:\w+:sha256:[0-9a-f]{64}$/.test(each['@id']))).toBe(true);
    expect(found['prov:wasGeneratedBy']['prov:label']).toBe('synthetic[m=0.5]: diffusion/generate');
    expect(readFileSync(join(croissant, 'README.md'), 'utf8')).toMatch(/^# synthetic\\?\[m=0.5\\?\] of made/);
  });

  it('states the licence of the photos upstream, and says where none is stated', async () => {
    expect(read().license).toMatchObject({ '@type': 'sc:CreativeWork', name: 'CC0-1.0 (of the photos upstream)' });
    const other = memoryStore();
    const made = await makeRun(other, { licence: '' });
    const folder = fresh();
    await exportCroissant(other, made.document, 'synthetic[m=0.5]', folder);
    expect(read(folder).license).toMatchObject({
      name: 'not stated',
      description: expect.stringContaining('Nothing is stated for the photos of photos.'),
    });
  });

  it('has the fields that NeurIPS asks for, of generated sets and of those from outside', async () => {
    const asked = ['dataLimitations', 'dataBiases', 'personalSensitiveInformation', 'dataUseCases', 'dataSocialImpact'];
    const generated = read();
    expect(generated.conformsTo).toContain('http://mlcommons.org/croissant/RAI/1.0');
    expect(generated['rai:hasSyntheticData']).toBe(true);
    expect(generated['rai:dataCollection']).toBe(
      'Generated by diffusion/generate of cemiflow. It depends on: photos, images of people who exist, licence CC0-1.0, source not stated, consent not stated.',
    );
    expect(generated['rai:personalSensitiveInformation'].join()).toContain(
      'Photos of people who exist are upstream (photos)',
    );
    const other = memoryStore();
    const photos = {
      ...{ format: 'recordio', source: 'a disk', licence: 'research only', consent: '' },
      skipped: { count: 2, files: ['a.txt', 'b.txt'] },
      duplicates: {
        ...{ bytes: 1, pixels: 2, acrossIdentities: 1, identityPairs: 1 },
        pairs: [{ left: 'ash', right: 'ash2', images: 1 }],
      },
    };
    const { document: run } = await makeRun(other, { photos });
    const folder = fresh();
    await exportCroissant(other, run, 'photos', folder);
    const imported = read(folder);
    for (const name of asked)
      for (const each of [generated, imported]) expect(each[`rai:${name}`]?.length).toBeGreaterThan(0);
    expect(imported['rai:hasSyntheticData']).toBe(false);
    expect(imported['rai:dataCollection']).toContain('from files of the format recordio');
    expect(imported['prov:wasDerivedFrom'][0]['prov:label']).toBe('files that photos took in, source: a disk');
    const facts = [
      'photos: 2 files could not be used and were left out, such as "a.txt", "b.txt".',
      'photos: 2 images with the pixels of an earlier one, 1 of them the same file.',
      'photos: 1 image under two identities, such as "ash" and "ash2".',
    ];
    expect(imported['rai:dataPreprocessingProtocol']).toEqual(['Images are 16 x 16 pixels.', ...facts]);
    const card = readFileSync(join(folder, 'README.md'), 'utf8');
    expect(card).toContain('| photos | 3 | 3 | of people who exist | research only | a disk | not stated |');
    for (const fact of facts) expect(card).toContain(`- ${fact}`);
  });

  it('is of shards whose generated images say that they are, while a bundle has the stored ones', async () => {
    const node = document.nodes?.['synthetic[m=0.5]'] as { readonly key: ActionKey };
    const ref = (await store.getRecord(node.key))?.outputs.data;
    const [stored] = (await store.getArtifact(ref as never)).files;
    const [shard, bundled] = [read().distribution[0], read(join(bundle, 'sets/synthetic-m=0.5')).distribution[0]];
    expect(bundled.sha256).toBe(stored?.digest.slice('sha256:'.length));
    expect(shard.sha256).not.toBe(bundled.sha256);
    const [plain, marked] = [
      unpackShard(await store.getBlob(stored?.digest as Digest), 'stored'),
      unpackShard(readFileSync(join(croissant, shard.contentUrl)), 'exported'),
    ];
    expect(marked.map(({ identity, image }) => [identity, image])).toEqual(
      plain.map((each) => [each.identity, each.image]),
    );
    for (const [i, { bytes }] of marked.entries()) {
      expect((await sharp(bytes).metadata()).xmp?.toString()).toContain(sourceTypes.generated);
      expect((await decodeImage(bytes)).pixels).toEqual((await decodeImage(plain[i]?.bytes as Uint8Array)).pixels);
    }
    expect(readFileSync(join(croissant, 'README.md'), 'utf8')).toContain('the mark changes the digests of the shards');
    expect(readFileSync(join(bundle, 'sets/synthetic-m=0.5/README.md'), 'utf8')).toContain(
      'their images carry no mark',
    );
    const again = fresh();
    await exportCroissant(store, document, 'synthetic[m=0.5]', again);
    for (const path of filesIn(croissant)) expect(sha256(join(again, path))).toBe(sha256(join(croissant, path)));
  });

  it('is made of datasets alone', async () => {
    const refused = exportCroissant(store, document, 'teacher', fresh());
    await expect(refused).rejects.toMatchObject({
      code: 'CroissantInvalid',
      remedy: 'name a node that did: photos, synthetic[m=0.5]',
    });
  });
});

describe('a bundle', () => {
  it('lists what it does without, and holds all else', async () => {
    const folder = fresh();
    await exportBundle(store, document, { without: ['weights'] }, folder);
    const { leftOut, without } = JSON.parse(readFileSync(join(folder, 'bundle.json'), 'utf8'));
    expect(without).toEqual(['weights']);
    const key = (digest: Digest): string => `store/blobs/sha256/${digest.slice(7, 9)}/${digest.slice(9)}`;
    expect(leftOut.map(({ path }: { path: string }) => path)).toEqual(['teacher.safetensors', 'generator.safetensors']);
    const absent = leftOut.map(({ digest }: { digest: Digest }) => key(digest));
    const texts = ['bundle.json', 'README.md', 'ro-crate-metadata.json'];
    expect(filesIn(folder).filter((path) => !texts.includes(path))).toEqual(
      filesIn(bundle).filter((path) => !texts.includes(path) && !absent.includes(path)),
    );
  });

  it('keeps of a type what chosen nodes made, and says so', async () => {
    const folder = fresh();
    await exportBundle(store, document, { without: ['weights'], keep: ['generator'] }, folder);
    const { leftOut, keep } = JSON.parse(readFileSync(join(folder, 'bundle.json'), 'utf8'));
    expect(keep).toEqual(['generator']);
    expect(leftOut.map(({ path }: { path: string }) => path)).toEqual(['teacher.safetensors']);
  });
});

describe('the folder of an export', () => {
  it('is refused where it holds something', async () => {
    const folder = fresh();
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'mine.txt'), '');
    await expect(exportCrate(store, document, folder)).rejects.toMatchObject({ code: 'ExportExists' });
    expect(filesIn(folder)).toEqual(['mine.txt']);
  });

  it('is not there where writing it failed, nor is anything beside it', async () => {
    const folder = fresh();
    const failing = writeFolder(folder, async (put) => {
      await put('a/b.txt', 'half');
      throw new Error('disk full');
    });
    await expect(failing).rejects.toThrow('disk full');
    expect(existsSync(folder)).toBe(false);
    expect(readdirSync(dirname(folder))).toEqual([]);
  });

  it('takes no path that leads out of it', async () => {
    const leaving = writeFolder(fresh(), (put) => put('../elsewhere.txt', ''));
    await expect(leaving).rejects.toMatchObject({ code: 'PathOutside' });
  });
});
