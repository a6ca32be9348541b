import type { Block } from '../../block.ts';
import { benchmarkName, percent } from '../../format.ts';
import { type Html, html, scrolling } from '../../html.ts';
import { rocChart } from '../../svg/roc-chart.ts';
import { type RocParams, type RocRead, readRoc } from './read.ts';
import { tarTable } from './table.ts';

/** True accept rates at low false accept rates: what a threshold that admits few strangers costs. */
export const block: Block<RocParams, RocRead[]> = {
  order: 32,
  read: readRoc,
  draw: (rows) => ({
    section: { id: 'roc', title: 'TAR at FAR' },
    parts: [
      { table: tarTable(rows) },
      ...setsOf(rows).map((set, i) => ({
        figure: { caption: captionOf(set), content: scrolling(chartOf(rows, set, i)) },
      })),
    ],
  }),
  numbers: (rows) => rows.map(({ roc: _, ...row }) => row),
};

const setsOf = (rows: readonly RocRead[]): string[] => [
  ...new Set(rows.filter(({ roc }) => roc.far.length > 0).map(({ set }) => set)),
];

const captionOf = (set: string): string =>
  `${benchmarkName(set)}: the share of same pairs accepted (TAR) over the share of different pairs accepted (FAR), all pairs together.`;

const chartOf = (rows: readonly RocRead[], set: string, i: number): Html => {
  const lines = rows.filter((row) => row.set === set && row.roc.far.length > 0);
  if (lines.length === 0) return html``;
  const tars = lines.map(
    ({ label, tar }) => `${label}: ${tar.map((t) => `${percent(t.tar)} % at FAR ${t.far}`).join(', ')}`,
  );
  return rocChart({
    id: `roc-${i + 1}`,
    title: `Receiver operating characteristic on ${benchmarkName(set)}`,
    description: tars.join('; '),
    lines: lines.map(({ label, roc, artifact }) => ({ name: label, ...roc, artifact })),
  });
};
