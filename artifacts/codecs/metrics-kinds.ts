import type { JsonObject } from '../../core/errors.ts';
import type { FrechetMetrics } from '../../metrics/frechet.ts';
import type { InspectedIdentity, InspectionMetrics, Overlap, SamePersonFound } from '../../metrics/inspection.ts';
import type { PrivacyMetrics, SearchRates } from '../../metrics/privacy.ts';
import type { Proportion } from '../../metrics/proportions.ts';
import type { SimilarityMetrics } from '../../metrics/similarity.ts';
import type { Fields } from '../fields.ts';
import type { MetricsKind } from './metrics.ts';

export const privacyKind: MetricsKind<PrivacyMetrics> = {
  kind: 'privacy',
  read: (fields) => {
    const perIdentity = fields.object('perIdentity');
    const ownInquiry = fields.optional('ownInquiry', () => fields.object('ownInquiry'));
    const trainedOnGallery = fields.optional('trainedOnGallery', (each) => each.boolean('trainedOnGallery'));
    return {
      kind: 'privacy',
      fpir: fields.number('fpir', { from: 0, to: 1 }),
      realIdentities: fields.integer('realIdentities'),
      imagesPerIdentity: fields.integer('imagesPerIdentity'),
      ...(trainedOnGallery !== undefined && { trainedOnGallery }),
      identities: searchIn(fields.object('identities')),
      images: searchIn(fields.object('images')),
      histogram: { ...histogramIn(fields), strangers: fields.object('histogram').numbers('strangers') },
      perIdentity: {
        identities: perIdentity.numbers('identities'),
        nearest: perIdentity.numbers('nearest'),
        similarity: perIdentity.numbers('similarity'),
      },
      ...(ownInquiry && {
        ownInquiry: {
          nearest: proportionIn(ownInquiry.object('nearest')),
          chance: ownInquiry.number('chance', { from: 0, to: 1 }),
          above: ownInquiry.integer('above'),
        },
      }),
    };
  },
};

export const similarityKind: MetricsKind<SimilarityMetrics> = {
  kind: 'similarity',
  read: (fields) => {
    const [perIdentity, bins] = [fields.object('perIdentity'), fields.object('bins')];
    return {
      kind: 'similarity',
      images: fields.integer('images'),
      mean: fields.number('mean'),
      std: fields.number('std'),
      histogram: histogramIn(fields),
      perIdentity: {
        identities: perIdentity.numbers('identities'),
        mean: perIdentity.numbers('mean'),
        std: perIdentity.numbers('std'),
      },
      bins: { edges: bins.numbers('edges'), identities: bins.numbers('identities') },
    };
  },
};

export const frechetKind: MetricsKind<FrechetMetrics> = {
  kind: 'frechet',
  read: (fields) => ({
    kind: 'frechet',
    ...fields.optional('space', (each) => ({ space: each.oneOf('space', ['inception']) })),
    recognizer: fields.digest('recognizer'),
    reference: fields.digest('reference'),
    images: fields.integer('images', { from: 2 }),
    referenceImages: fields.integer('referenceImages', { from: 2 }),
    dimensions: fields.integer('dimensions', { from: 1 }),
    distance: fields.number('distance', { from: 0 }),
    ofMeans: fields.number('ofMeans', { from: 0 }),
    ofCovariances: fields.number('ofCovariances', { from: 0 }),
  }),
};

export const inspectionKind: MetricsKind<InspectionMetrics> = {
  kind: 'inspection',
  read: (fields) => {
    const [per, empty, few, within] = [
      fields.object('imagesPerIdentity'),
      fields.object('empty'),
      fields.object('nearEmpty'),
      fields.object('within'),
    ];
    return {
      kind: 'inspection',
      data: fields.digest('data'),
      identities: fields.integer('identities'),
      images: fields.integer('images'),
      imagesPerIdentity: { min: per.integer('min'), median: per.number('median'), max: per.integer('max') },
      empty: { count: empty.integer('count'), names: empty.strings('names') },
      nearEmpty: {
        count: few.integer('count'),
        minImages: few.integer('minImages'),
        listed: few.list('listed', (each) => ({ ...identityIn(each), images: each.integer('images') })),
      },
      ...fields.optional('threshold', (each) => ({ threshold: each.number('threshold') })),
      within: { ...overlapIn(within), acrossIdentities: within.integer('acrossIdentities') },
      others: fields.list('others', (other) => ({
        label: other.string('label'),
        type: other.oneOf('type', ['dataset', 'benchmarks']),
        data: other.digest('data'),
        ...other.optional('set', (each) => ({ set: each.string('set') })),
        identities: other.integer('identities'),
        images: other.integer('images'),
        ...overlapIn(other),
      })),
    };
  },
};

/** A training's log: each value at the steps where it was noted. */
export interface TrainingMetrics {
  readonly kind: 'training';
  readonly series: {
    readonly [name: string]: { readonly steps: readonly number[]; readonly values: readonly number[] };
  };
  /** Grids of samples that were drawn on the way, and the file of each; in logs of trainings that drew some. */
  readonly samples?: readonly { readonly step: number; readonly picture: string }[];
}

export const trainingKind: MetricsKind<TrainingMetrics> = {
  kind: 'training',
  read: (fields) => ({
    kind: 'training',
    series: fields.map('series', (line) => {
      const [steps, values] = [line.numbers('steps'), line.numbers('values')];
      if (steps.length === 0) throw line.fault('steps', 'a list of at least one number');
      if (steps.length !== values.length) throw line.fault('values', `${steps.length} numbers, one for each step`);
      return { steps, values };
    }),
    ...fields.optional('samples', (each) => ({
      samples: each.list('samples', (grid) => ({ step: grid.integer('step'), picture: grid.string('picture') })),
    })),
  }),
};

/** Which of several candidates was chosen, by what, and how good each was. */
export interface SelectionMetrics {
  readonly kind: 'selection';
  readonly by: string;
  /** Matrix values of the candidate that was chosen. */
  readonly chosen: JsonObject;
  readonly candidates: readonly { readonly matrix: JsonObject; readonly value: number }[];
}

export const selectionKind: MetricsKind<SelectionMetrics> = {
  kind: 'selection',
  read: (fields) => ({
    kind: 'selection',
    by: fields.string('by'),
    chosen: fields.object('chosen').whole,
    candidates: fields.list('candidates', (each) => ({
      matrix: each.object('matrix').whole,
      value: each.number('value'),
    })),
  }),
};

const overlapIn = (fields: Fields): Overlap => ({
  bytes: fields.integer('bytes'),
  pixels: fields.integer('pixels'),
  identityPairs: fields.integer('identityPairs'),
  samePhoto: fields.list('samePhoto', (pair) => ({ ...pairIn(pair), images: pair.integer('images') })),
  ...fields.optional('samePerson', (each) => ({ samePerson: samePersonIn(each.object('samePerson')) })),
});

const samePersonIn = (fields: Fields): SamePersonFound => ({
  identities: fields.integer('identities'),
  pairs: fields.integer('pairs'),
  ...fields.optional('highest', (each) => ({ highest: each.number('highest') })),
  listed: fields.list('listed', (pair) => ({ ...pairIn(pair), cosine: pair.number('cosine') })),
});

const pairIn = (fields: Fields) => ({
  left: identityIn(fields.object('left')),
  right: identityIn(fields.object('right')),
  ...fields.optional('picture', (each) => ({ picture: each.string('picture') })),
});

const identityIn = (fields: Fields): InspectedIdentity => ({
  identity: fields.integer('identity'),
  ...fields.optional('name', (each) => ({ name: each.string('name') })),
});

const histogramIn = (fields: Fields): { edges: number[]; counts: number[] } => {
  const histogram = fields.object('histogram');
  const [edges, counts] = [histogram.numbers('edges'), histogram.numbers('counts')];
  if (edges.length !== counts.length + 1) throw histogram.fault('edges', 'a list with one number more than counts');
  return { edges, counts };
};

const searchIn = (fields: Fields): SearchRates => {
  const [calibration, difference, mean] = [
    fields.object('calibration'),
    fields.object('difference'),
    fields.object('mean'),
  ];
  return {
    threshold: fields.number('threshold'),
    calibration: { count: calibration.integer('count'), total: calibration.integer('total') },
    strangers: proportionIn(fields.object('strangers')),
    generated: proportionIn(fields.object('generated')),
    difference: {
      value: difference.number('value'),
      lowest: difference.number('lowest'),
      highest: difference.number('highest'),
      conclusion: difference.oneOf('conclusion', ['nearer', 'farther', 'undecided']),
    },
    mean: { generated: mean.number('generated'), strangers: mean.number('strangers') },
  };
};

const proportionIn = (fields: Fields): Proportion => ({
  count: fields.integer('count'),
  total: fields.integer('total'),
  share: fields.number('share', { from: 0, to: 1 }),
  lowest: fields.number('lowest', { from: 0, to: 1 }),
  highest: fields.number('highest', { from: 0, to: 1 }),
});
