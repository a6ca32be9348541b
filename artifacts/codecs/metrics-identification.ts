import type { IdentificationMetrics } from '../../metrics/identification.ts';
import type { MetricsKind } from './metrics.ts';
import { channelsIn } from './metrics-verification.ts';

export const identificationKind: MetricsKind<IdentificationMetrics> = {
  kind: 'identification',
  read: (fields) => ({
    kind: 'identification',
    channels: channelsIn(fields),
    gallery: fields.integer('gallery'),
    galleryImages: fields.integer('galleryImages'),
    probes: fields.integer('probes'),
    withoutMate: fields.integer('withoutMate'),
    rank1: fields.number('rank1', { from: 0, to: 1 }),
    rank5: fields.number('rank5', { from: 0, to: 1 }),
    cmc: fields.numbers('cmc'),
  }),
};
