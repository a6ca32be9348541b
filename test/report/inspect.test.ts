import { beforeAll, describe, expect, it } from 'vitest';
import { datasetCodec } from '../../artifacts/codecs/dataset.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { readReport, reportFiles } from '../../report/build.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { inspection, putInspection } from './fixture.ts';

const store = memoryStore();
const hostile = '<img src=x onerror=alert(1)>\u001b[31m\u202e|*_[x](y)`';
const head = { title: 'Sets', description: '', note: '', skipped: [] };
let set: ArtifactRef;
let page: string;
let markdown: string;
let json: { printed: { id: string; text: string; at: string[] }[]; inspect: { shown: object[] }[] };

beforeAll(async () => {
  set = await datasetCodec.write(
    store,
    {
      ...{ identities: 3, images: 12, height: 8, width: 8, peopleShown: 'real', licence: hostile, source: 'the web' },
      skipped: { count: 2, files: [hostile, 'b.jpg'] },
      transparent: 4,
      duplicates: {
        ...{ bytes: 5, pixels: 6, acrossIdentities: 2, identityPairs: 9 },
        pairs: [{ left: hostile, right: 'ash2', images: 2 }],
      },
      similarNames: { count: 1, groups: [['Ash', 'ash', hostile]] },
    },
    [],
  );
  const plain = inspection(0);
  const named = { left: { identity: 1, name: hostile }, right: { identity: 2 } };
  const samePhoto = plain.within.samePhoto.map((pair) => ({ ...pair, ...named }));
  const looked = await putInspection(store, {
    ...plain,
    empty: { count: 1, names: [hostile] },
    within: { ...plain.within, samePhoto },
  });
  const params = {
    ...head,
    sets: [{ label: 'photos', data: set }],
    inspect: [{ label: 'photos', metrics: looked, pictures: 1 }],
  };
  const texts = reportFiles(await readReport(params, store)).files.map(({ text }) => text);
  [page, markdown] = texts as [string, string, string];
  json = JSON.parse(texts[2] as string);
});

describe('the block of sets', () => {
  it('says whom a set shows, licence, source and consent', () => {
    expect(markdown).toContain('photos: people who exist; licence: ');
    expect(markdown).toContain('; source: the web; consent: not stated.');
  });

  it('counts what was left out, transparent and there twice; sizes alone are numbers that an audit counts again', () => {
    const row = markdown.split('\n').find((line) => line.startsWith('| photos | 3 | 12 |'));
    expect(row).toMatch(/^\| photos \| 3 \| 12 \| 2 \| 4 \| 5 \| 6 \| 2 \|/);
    const ids = json.printed.map(({ id }) => id).filter((id) => id.startsWith('sets.'));
    expect(ids).toEqual(['sets.photos.identities', 'sets.photos.images']);
  });

  it('names both identities of a photo, and names that are alike', () => {
    expect(page).toContain('and &quot;ash2&quot; (2 images); and 8 more');
    expect(page).toContain('&quot;Ash&quot; and &quot;ash&quot; and');
  });

  it('has dashes for a set that states nothing of the sort', async () => {
    const counts = { identities: 1, images: 2, height: 8, width: 8 };
    const other = await datasetCodec.write(store, { ...counts, peopleShown: 'drawn' }, []);
    const params = { ...head, sets: [{ label: 'drawn', data: other }] };
    const text = reportFiles(await readReport(params, store)).files[1]?.text ?? '';
    expect(text).toContain('| drawn | 1 | 2 | – | – | – | – | – |');
    expect(text).toContain('drawn: people drawn by a program; licence: not stated');
  });
});

describe('the block of inspections', () => {
  it('has a row for the set itself and one for each other set, each number at its place', () => {
    const numbers = new Map(json.printed.map(({ id, text, at }) => [id, [text, at[0]]]));
    expect(numbers.get('inspect.photos.itself.equal-pixels')).toEqual(['5', 'metrics.json#/within/pixels']);
    expect(numbers.get('inspect.photos.benchmarks-lfw.pairs-by-face')).toEqual([
      '1',
      'metrics.json#/others/0/samePerson/pairs',
    ]);
    expect(numbers.get('inspect.photos.itself.highest-cosine')?.[0]).toBe('0.750');
    expect(numbers.get('inspect-counts.photos.near-empty')).toEqual(['1', 'metrics.json#/nearEmpty/count']);
  });

  it('shows as many pairs of each sort as it is asked for, with the names of both', () => {
    expect(json.inspect[0]?.shown).toHaveLength(4);
    expect(page.match(/<figure><img src="data:image\/png/g)).toHaveLength(4);
    expect(page).toContain('and &quot;ash2&quot; (benchmarks, lfw): cosine 0.750');
  });

  it('refuses a picture that is none', async () => {
    const broken = await store.putFile('pictures/0-photo-000.png', Buffer.from('<svg/>'), 'image/png');
    const metrics = await putInspection(store, inspection());
    const manifest = await store.getArtifact(metrics);
    const files = manifest.files.map((file) => (file.path === broken.path ? broken : file));
    const forged = await store.putArtifact({ ...manifest, files });
    const params = { ...head, inspect: [{ label: 'a', metrics: forged, pictures: 1 }] };
    await expect(readReport(params, store)).rejects.toMatchObject({ code: 'ArtifactInvalid' });
  });
});

describe('names from outside', () => {
  it('are text in the page and in the Markdown, and move no terminal', () => {
    for (const text of [page, markdown]) {
      expect(text).not.toMatch(/<img src=x/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: none of these may be there
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202e]/);
      expect(text).toContain('\\u{1b}'.replaceAll('\\', text === markdown ? '\\\\' : '\\'));
    }
    expect(markdown).not.toContain('[x](y)');
  });
});
