import { describe, expect, it } from 'vitest';
import { stage } from '../../activities/report-build/stage.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { digestOf } from '../../core/digest.ts';
import { saveInquiries } from '../../data/inquiries.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { contextOf, type FullReport, madeUpExperiment, readReport } from './fixture.ts';

const store = memoryStore();

const putVectors = (count: number, origin: 'centers' | 'random'): Promise<ArtifactRef> => {
  const embeddings = Float32Array.from({ length: 2 * count }, (_, i) => i % 2);
  const rows = { embeddings, identities: new Int32Array(count), images: new Int32Array(count), rows: new Int32Array() };
  return saveInquiries(store, { count, embeddingSize: 2, origin, ...rows }, { recognizer: digestOf('r') });
};

const pageOf = async (params: FullReport): Promise<string> => {
  const { report } = await stage.run(params, contextOf(store));
  return readReport(store, report as ArtifactRef, 'report.html');
};

describe('a report on inquiries that are vectors', () => {
  it.each([
    ['centers', 'Generated faces for each inquiry, an identity center, which has no image.'],
    ['random', 'Generated faces for each inquiry, a random vector, which has no image.'],
  ] as const)('has a number in the place of the image, and says what they are: %s', async (origin, caption) => {
    const { grid, ...params } = await madeUpExperiment(store);
    const inquiries = await putVectors(4, origin);
    const samples = [{ label: 'Inquiries', data: inquiries, identities: 3, images: 5 }];
    const page = await pageOf({ ...params, grid: { ...grid, inquiries }, samples });
    expect(page).toContain(caption);
    for (const row of [1, 2, 3, 4])
      expect(page).toMatch(new RegExp(`<td class="inquiry">${row}</td><td><img[^>]*alt="Inquiry ${row}, m = −0.5"`));
    expect(page).not.toContain('Inquiry image');
    expect(page).toContain('Inquiries: vectors, without images');
  });

  it('is refused where there are fewer of them than rows', async () => {
    const { grid, ...params } = await madeUpExperiment(store);
    const inquiries = await putVectors(3, 'random');
    await expect(pageOf({ ...params, grid: { ...grid, inquiries } })).rejects.toMatchObject({
      code: 'ReportInputInvalid',
    });
  });

  it('shows images where there are some', async () => {
    const page = await pageOf(await madeUpExperiment(store));
    expect(page).toContain('Generated faces for each inquiry image (left).');
    expect(page).not.toContain('without images');
  });
});
