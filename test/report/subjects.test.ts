import { describe, expect, it } from 'vitest';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { JsonObject } from '../../core/errors.ts';
import { block } from '../../report/blocks/subjects/block.ts';
import { readSubjects, type SubjectsParams } from '../../report/blocks/subjects/read.ts';
import { ReportReader } from '../../report/reader.ts';
import { memoryStore } from '../helpers/memory-store.ts';

const store = memoryStore();
const side = 4;

/** @param colours of each identity's images */
const put = async (
  colours: readonly (readonly number[])[],
  meta: JsonObject,
  type: 'dataset' | 'inquiries' = 'dataset',
): Promise<ArtifactRef> => {
  const writer = new DatasetWriter(store, { height: side, width: side });
  for (const [identity, images] of colours.entries())
    for (const [image, colour] of images.entries())
      await writer.add({ identity, image, pixels: new Uint8Array(side * side * 3).fill(colour) });
  return store.putArtifact({ type, meta: { ...meta, ...writer.counts() }, files: await writer.files() });
};

const inquiries = await put([[10], [20], [30]], { embeddingSize: 2, maxSimilarity: 0.3 }, 'inquiries');
/** Two generated images of each identity, then a copy of an inquiry. */
const made = (copies: readonly number[]) =>
  put(
    copies.map((copy) => [copy + 1, copy + 2, copy]),
    { origin: 'generated', generatedImages: 2, oversample: 1 },
  );

const paramsOf = (more: Partial<SubjectsParams>): SubjectsParams => ({
  ...{ inquiries, sets: [], own: [], identities: 2, images: 2 },
  ...more,
});
const read = (more: Partial<SubjectsParams>) => readSubjects(paramsOf(more), new ReportReader(store));
const figures = async (more: Partial<SubjectsParams>) =>
  block
    .draw(await read(more), { title: '', description: '', note: '' })
    .parts.flatMap((part) => ('figure' in part ? [part.figure] : []));
const alts = (markup: string): string[] => [...markup.matchAll(/alt="([^"]*)"/g)].map(([, alt]) => alt as string);

describe('the sheet of the same identities', () => {
  it('has the inquiry first in each row, then images of that identity from each set, and no copies', async () => {
    const set = await made([10, 20, 30]);
    const [figure, ...others] = await figures({
      sets: [
        { label: 'one', data: set },
        { label: 'two', data: set },
      ],
      images: 3,
    });
    expect(others).toEqual([]);
    const images = (k: number) => ['one', 'two'].flatMap((l) => [0, 1].map((i) => `${l}: identity ${k}, image ${i}`));
    expect(alts(`${figure?.content}`)).toEqual(['Inquiry 0', ...images(0), 'Inquiry 1', ...images(1)]);
    expect(`${figure?.content}`).toContain('<th scope="colgroup" class="set" colspan="3">one</th>');
    expect(figure?.caption).toContain('All sets were made from the same inquiries');
  });

  it('gives sets with identities of their own separate rows by number, and says so', async () => {
    const [joined, own] = await figures({
      sets: [{ label: 'one', data: await made([10, 20, 30]) }],
      own: [{ label: 'drawn', data: await put([[1, 2], [3], [4]], { origin: 'procedural' }) }],
    });
    expect(alts(`${joined?.content}`)).not.toContain('drawn: identity 0, image 0');
    expect(alts(`${own?.content}`)).toEqual([
      ...['drawn: identity 0, image 0', 'drawn: identity 0, image 1', 'drawn: identity 1, image 0'],
    ]);
    expect(own?.caption).toBe(
      'drawn: identities of its own, a row each by identity number, and their first images, unselected. They are not those of the rows above: no inquiry joins them.',
    );
  });

  it('refuses a set whose copies of inquiry images show that it was made from others', async () => {
    await expect(read({ sets: [{ label: 'one', data: await made([10, 99, 30]) }] })).rejects.toMatchObject({
      code: 'ReportInputInvalid',
      message: expect.stringContaining('"one" was not made from these inquiries: identity 1'),
    });
  });

  it('takes sets without copies at their word, and keeps rows in the order of the inquiries', async () => {
    const bare = await put([[1], [2]], { origin: 'generated', generatedImages: 1, oversample: 0 });
    const found = await read({ sets: [{ label: 'bare', data: bare }] });
    expect(found.sets[0]?.rows.map(({ identity, pictures }) => [identity, pictures.length])).toEqual([
      [0, 1],
      [1, 1],
    ]);
  });

  it('refuses sets without the inquiries that join them', async () => {
    const { inquiries: _, ...without } = paramsOf({ sets: [{ label: 'one', data: await made([10]) }] });
    await expect(readSubjects(without, new ReportReader(store))).rejects.toMatchObject({ code: 'ReportInputInvalid' });
  });

  it('lists pictures in report.json by artifact, identity and image', async () => {
    const { sets } = await read({ sets: [{ label: 'one', data: await made([10, 20, 30]) }] });
    expect(sets[0]?.rows[1]?.pictures[1]).toMatchObject({ identity: 1, image: 1, artifact: sets[0]?.artifact });
  });
});
