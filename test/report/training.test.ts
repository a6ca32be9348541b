import { beforeAll, describe, expect, it } from 'vitest';
import { putTrainingLog } from '../../artifacts/training-log.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { readReport, reportFiles } from '../../report/build.ts';
import { memoryStore } from '../helpers/memory-store.ts';

const store = memoryStore();
const head = { title: 'Trainings', description: '', note: '', skipped: [] };
const series = { loss: { steps: [10, 20], values: [2, 1] } };

/** The page of a report on a training that drew so many grids. */
const pageOf = async (grids: number): Promise<{ page: string; log: ArtifactRef }> => {
  const pictures = Array.from({ length: grids }, (_, i) => {
    return { step: 1000 * (i + 1), height: 1, width: 2, pixels: Uint8Array.of(i, 0, 0, 0, 0, i) };
  });
  const log = await putTrainingLog(store, { series, pictures });
  const params = { ...head, training: [{ label: 'generator', log }] };
  return { page: reportFiles(await readReport(params, store)).files[0]?.text ?? '', log };
};

const stepsOn = (page: string): string[] =>
  [...page.matchAll(/<figcaption>generator, step ([\d,]+)</g)].map(([, step]) => step as string);

describe('the block of trainings', () => {
  let page: string;
  let log: ArtifactRef;

  beforeAll(async () => {
    ({ page, log } = await pageOf(10));
  });

  it('shows four of the grids that a training drew, at equal distances, with the last one', () => {
    expect(stepsOn(page)).toEqual(['3,000', '5,000', '8,000', '10,000']);
    expect(page).toContain(`alt="Samples: generator, step 10,000" data-artifact="${log.digest}"`);
  });

  it('shows all of a few, and says nothing of grids where there are none', async () => {
    expect(stepsOn((await pageOf(3)).page)).toEqual(['1,000', '2,000', '3,000']);
    expect((await pageOf(0)).page).not.toContain('Samples drawn');
  });
});
