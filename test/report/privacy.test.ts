import { describe, expect, it } from 'vitest';
import type { PrivacyRow } from '../../report/blocks/privacy/read.ts';
import { statements } from '../../report/blocks/privacy/statement.ts';
import { identityTable, imageTable } from '../../report/blocks/privacy/table.ts';
import { privacy } from './fixture.ts';

type Run = PrivacyRow['runs'][number];

const run = (m: number, inquiries = true): Run =>
  ({ ...privacy(m, inquiries), artifact: `sha256:${'0'.repeat(64)}`, input: 'privacy.0.metrics' }) as unknown as Run;

/** A run whose difference is concluded otherwise. */
const concluded = (conclusion: Run['identities']['difference']['conclusion']): Run => {
  const base = run(1);
  return {
    ...base,
    identities: { ...base.identities, difference: { value: -0.05, lowest: -0.1, highest: 0, conclusion } },
  };
};

const sentence = (only: Run): string => statements({ label: 'a set', meanOver: [], runs: [only] }).join('\n');

describe('the sentence of a row', () => {
  it.each([
    ['nearer', 'Generated identities are above the threshold more often than strangers are (difference'],
    ['farther', 'Generated identities are above the threshold less often than strangers are (difference'],
    ['undecided', 'No difference is shown (difference'],
  ] as const)('says what the difference shows: %s', (conclusion, text) => {
    expect(sentence(concluded(conclusion))).toContain(`${text} −5.0 percentage points [−10.0, 0.0]).`);
  });

  it('names single images, and a rate as it was asked for', () => {
    const text = sentence({ ...run(0), imagesPerIdentity: 1, fpir: 0.0005 });
    expect(text).toContain('rate of 0.05 %, a search for one image among the 40 people of the gallery');
  });

  it('warns where the recognizer knows the gallery, and only there', () => {
    expect(sentence(run(0, false))).toContain('was trained on this gallery');
    expect(sentence(run(0))).not.toContain('was trained on this gallery');
  });

  it('says so where it is not known what the recognizer was trained on', () => {
    const { trainedOnGallery: _, ...unknown } = run(0);
    expect(sentence(unknown)).toContain('What the recognizer was trained on is not known');
    expect(sentence(run(0))).not.toContain('is not known');
  });

  it('is said for each run where a row has several', () => {
    const all = statements({ label: 'a set', meanOver: ['seed'], runs: [run(0), run(1)] });
    expect(all.map((text) => text.split(':')[0])).toEqual(['a set, run 1 of 2', 'a set, run 2 of 2']);
  });
});

describe('the tables', () => {
  const rows = [
    { label: 'one', meanOver: ['seed'], runs: [run(0)] },
    { label: 'two', meanOver: ['seed'], runs: [run(0, false), run(1, false)] },
  ];

  it('have intervals for single runs, and a spread for means, which have none', () => {
    const above = (table: ReturnType<typeof identityTable>, column: string) => {
      const at = table.columns.findIndex(({ label }) => label === column);
      return table.rows.map(({ cells }) => [cells[at]?.text, cells[at]?.spread]);
    };
    expect(above(identityTable(rows), 'Identities above, %')).toEqual([
      ['25.0 [22.5, 27.5]', undefined],
      ['37.5', '17.7'],
    ]);
    expect(above(imageTable(rows), 'Images above, %')[1]).toEqual(['35.0', '14.1']);
    expect(above(identityTable(rows), 'Nearest is its inquiry, %')[1]).toEqual(['–', undefined]);
  });

  it('leave inquiries out where no gallery is one', () => {
    expect(identityTable(rows.slice(1)).columns.map(({ label }) => label)).not.toContain('By chance, %');
  });
});
