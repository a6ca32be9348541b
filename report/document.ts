import type { Digest } from '../core/digest.ts';
import { benchmarkName, fixed, percent, plain } from './format.ts';
import { type Html, html } from './html.ts';
import type { Curve, ReportModel, SimilarityGroup, TrainingLog } from './model.ts';
import { gridPictures, samplePictures } from './pictures.ts';
import { type LineSeries, lineChart } from './svg/line-chart.ts';
import { lossCurve } from './svg/loss-curve.ts';
import { commonDomain, type Ridge, ridges } from './svg/ridges.ts';
import {
  accuracyTable,
  averageAt,
  meanAt,
  paperComparisonTable,
  paperSimilarityTable,
  paperSweepTable,
  privacyTable,
  readFrom,
  similarityTable,
  type TableModel,
  trainingTable,
} from './tables.ts';

/** A report as sections of numbered tables and figures: the page draws all of it, the Markdown its tables. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly intro?: string;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: 'table'; readonly name: string; readonly table: TableModel }
  | { readonly kind: 'figure'; readonly name: string; readonly caption: string; readonly content: Html };

export const sectionsOf = (model: ReportModel): Section[] => {
  let tables = 0;
  let figures = 0;
  const table = (made: TableModel): Block => ({ kind: 'table', name: `Table ${++tables}`, table: made });
  const figure = (caption: string, content: Html): Block => ({
    kind: 'figure',
    name: `Figure ${++figures}`,
    caption,
    content,
  });
  const sections: Section[] = [];
  const add = (section: Section): void => {
    if (section.blocks.length > 0) sections.push(section);
  };

  add({
    id: 'grid',
    title: 'One inquiry, several m',
    blocks: model.grid
      ? [
          figure(
            'Generated faces for each inquiry image (left). Each row shares one noise, so that only m, the similarity asked for, varies along it.',
            gridPictures(model.grid),
          ),
        ]
      : [],
  });
  add({
    id: 'accuracy-section',
    title: 'Verification accuracy',
    blocks: [
      ...(model.accuracy.length > 0 ? [table(accuracyTable(model))] : []),
      ...(model.curve ? [figure(curveCaption(model.curve), scrolling(accuracyCurve(model.curve, model.sets)))] : []),
    ],
  });
  const similarity = model.similarity;
  add({
    id: 'similarity',
    title: 'Does the generator listen to m?',
    blocks:
      similarity.length === 0
        ? []
        : [
            figure(
              'Mean similarity of the generated images to their inquiry image, for each recognizer; whiskers: ± one standard deviation over images. Where the line of wanted similarity passes through the plot, it is dotted.',
              scrolling(similarityCurve(similarity)),
            ),
            figure(
              'Similarities of all generated images to their inquiry image. Every histogram has the same area; the vertical line is its mean, the triangle the similarity asked for, where that lies within the axis.',
              similarityRidges(similarity),
            ),
            ...similarity.map((group, i) => table(similarityTable(group, `similarity-${i + 1}`))),
          ],
  });
  add({
    id: 'privacy-section',
    title: 'Privacy',
    intro:
      'How near the generated identities come to real ones: an identity above the threshold is one that the recognizer would take for a person who exists.',
    blocks: model.privacy.length > 0 ? [table(privacyTable(model.privacy))] : [],
  });
  add({
    id: 'samples',
    title: 'Samples',
    intro: 'The first identities of each set (a row each) and their first images, unselected.',
    blocks:
      model.samples.length > 0
        ? [figure('Images of each set, enlarged without smoothing.', samplePictures(model.samples))]
        : [],
  });
  add({
    id: 'training',
    title: 'Training',
    blocks:
      model.training.length > 0
        ? [
            figure(
              'Logged values over training steps; logs of more than 240 entries are drawn as means of equal stretches.',
              lossCurves(model.training),
            ),
            table(trainingTable(model)),
          ]
        : [],
  });
  if (model.paper) {
    add({
      id: 'paper',
      title: 'As reported in the paper',
      intro:
        'Quoted for orientation. These numbers come from other data (photographs, and the public benchmarks of these names) at another scale: only the order of rows and the shape over m can be set beside the results above, not the values.',
      blocks: [
        table(paperComparisonTable(model.paper)),
        table(paperSweepTable(model.paper)),
        table(paperSimilarityTable(model.paper)),
      ],
    });
  }
  return sections;
};

/** The results a reader looks for first, each with its artifacts. */
export interface KeyFigure {
  /** Names it in the page: `key.best`. */
  readonly id: string;
  readonly value: string;
  readonly unit: string;
  readonly what: string;
  readonly artifacts: readonly Digest[];
  /** The place in the report's parameters that names each of them. */
  readonly inputs: readonly string[];
  /** Where in each of them the value stands. */
  readonly at: readonly string[];
}

export const keyFigures = (model: ReportModel): KeyFigure[] => {
  const figures: KeyFigure[] = [];
  const reference = model.accuracy.find((row) => row.reference);
  const best = model.accuracy
    .filter((row) => row.generated)
    .reduce<ReportModel['accuracy'][number] | undefined>(
      (top, row) => (top === undefined || row.average > top.average ? row : top),
      undefined,
    );
  if (best)
    figures.push({
      id: 'key.best',
      value: percent(best.average),
      unit: '%',
      what: `best average: ${best.label}`,
      ...readFrom(best),
      at: [averageAt],
    });
  if (reference)
    figures.push({
      id: 'key.reference',
      value: percent(reference.average),
      unit: '%',
      what: `reference: ${reference.label}`,
      ...readFrom(reference),
      at: [averageAt],
    });
  if (best && reference && best.gapToReal !== undefined) {
    figures.push({
      id: 'key.gap',
      value: percent(best.gapToReal),
      unit: 'points',
      what: 'gap to real of the best',
      ...readFrom(reference, best),
      at: [averageAt, averageAt],
    });
  }
  const group = model.similarity[0];
  const [low, high] = [group?.rows[0], group?.rows.at(-1)];
  if (group && low && high && low !== high) {
    figures.push({
      id: 'key.similarity',
      value: `${fixed(low.mean, 2)} → ${fixed(high.mean, 2)}`,
      unit: '',
      what: `similarity, ${group.axis} = ${plain(low.x)} → ${plain(high.x)}`,
      ...readFrom(low, high),
      at: [meanAt, meanAt],
    });
  }
  return figures;
};

/** Wide charts keep their size on narrow screens. */
const scrolling = (chart: Html): Html => html`<div class="scroll">${chart}</div>`;

const curveCaption = (curve: Curve): string =>
  `Accuracy over ${curve.axis}: each benchmark, and their average (heavy line).${curve.reference ? ` Dashed: average of “${curve.reference.label}”.` : ''} The numbers are those of the table above.`;

const accuracyCurve = (curve: Curve, sets: readonly string[]): Html => {
  const series: LineSeries[] = sets
    .filter((set) => curve.points.some((p) => p.sets[set]))
    .map((set, i) => ({
      name: benchmarkName(set),
      style: i,
      points: curve.points.flatMap((p) => {
        const at = p.sets[set];
        return at === undefined
          ? []
          : [
              {
                x: p.x,
                y: at.accuracy * 100,
                artifact: p.artifact,
                title: `${benchmarkName(set)}, ${curve.axis} = ${plain(p.x)}: ${percent(at.accuracy)} ± ${percent(at.std)} %`,
              },
            ];
      }),
    }));
  series.push({
    name: 'Average',
    style: 'ink',
    points: curve.points.map((p) => ({
      x: p.x,
      y: p.average * 100,
      artifact: p.artifact,
      title: `Average, ${curve.axis} = ${plain(p.x)}: ${percent(p.average)} %`,
    })),
  });
  const lowest = Math.min(...series.flatMap((s) => s.points.map((p) => p.y)));
  return lineChart({
    id: 'curve',
    title: `Verification accuracy over ${curve.axis}`,
    description: curve.points.map((p) => `${curve.axis} = ${plain(p.x)}: average ${percent(p.average)} %`).join('; '),
    xLabel: curve.axis === 'm' ? 'm, the similarity asked for' : curve.axis,
    yLabel: 'Accuracy, %',
    series,
    levels: [
      ...(curve.reference
        ? [
            {
              y: curve.reference.average * 100,
              name: `Real ${percent(curve.reference.average)}`,
              artifact: curve.reference.artifact,
            },
          ]
        : []),
      ...(lowest < 60 ? [{ y: 50, name: 'Chance 50', faint: true }] : []),
    ],
  });
};

const similarityCurve = (groups: readonly SimilarityGroup[]): Html =>
  lineChart({
    id: 'similarity-curve',
    title: 'Mean similarity to the inquiry image over m',
    description: groups
      .map((g) => `${g.label}: ${g.rows.map((row) => `${g.axis} = ${plain(row.x)}: ${fixed(row.mean, 3)}`).join(', ')}`)
      .join('; '),
    xLabel: groups[0]?.axis === 'm' ? 'm, the similarity asked for' : (groups[0]?.axis ?? ''),
    yLabel: 'Cosine similarity',
    height: 300,
    diagonal: 'similarity = m',
    series: groups.map((group, i) => ({
      name: group.label,
      style: i,
      points: group.rows.map((row) => ({
        x: row.x,
        y: row.mean,
        spread: row.std,
        artifact: row.artifact,
        title: `${group.label}, ${group.axis} = ${plain(row.x)}: ${fixed(row.mean, 3)} ± ${fixed(row.std, 3)}`,
      })),
    })),
  });

const similarityRidges = (groups: readonly SimilarityGroup[]): Html => {
  const panels = groups.map((group) => ({
    group,
    rows: [...group.rows].reverse().map((row) => ridgeOf(row, group.axis)),
  }));
  const domain = commonDomain(panels.flatMap((panel) => panel.rows));
  return html`<div class="panels">${panels.map(
    (panel, i) =>
      html`<div class="panel"><p class="panel-title">${panel.group.label}</p>${ridges({
        id: `ridges-${i + 1}`,
        title: `Histograms of similarity by ${panel.group.label}`,
        description: panel.rows
          .map((row) => `${row.label}: mean ${fixed(row.mean, 3)}, std ${fixed(row.std, 3)}`)
          .join('; '),
        xLabel: 'Cosine similarity to the inquiry image',
        ridges: panel.rows,
        domain,
      })}</div>`,
  )}</div>`;
};

const ridgeOf = (row: SimilarityGroup['rows'][number], axis: string): Ridge => ({
  label: `${axis} = ${plain(row.x)}`,
  artifact: row.artifact,
  mean: row.mean,
  std: row.std,
  edges: row.histogram.edges,
  counts: row.histogram.counts,
  ...(axis === 'm' ? { target: row.x } : {}),
});

const lossCurves = (logs: readonly TrainingLog[]): Html =>
  html`<div class="losses">${logs.map((log, i) =>
    log.series.map(
      (series, k) =>
        html`<div class="loss-panel"><p class="panel-title">${log.label} <span>${series.name}</span></p>${lossCurve({
          id: `loss-${i + 1}-${k + 1}`,
          title: `${log.label}, ${series.name}`,
          artifact: log.artifact,
          steps: series.steps,
          values: series.values,
        })}</div>`,
    ),
  )}</div>`;
