import type { TemplateMetrics } from '../../metrics/templates.ts';
import type { MetricsKind } from './metrics.ts';
import { channelsIn } from './metrics-verification.ts';

const share = { from: 0, to: 1 };

export const templatesKind: MetricsKind<TemplateMetrics> = {
  kind: 'templates',
  read: (fields) => ({
    kind: 'templates',
    channels: channelsIn(fields),
    sets: fields.map('sets', (set) => ({
      pairs: set.integer('pairs'),
      same: set.integer('same'),
      tar: set.list('tar', (each) => ({
        far: each.number('far', share),
        tar: each.number('tar', share),
        farReached: each.number('farReached', share),
      })),
    })),
  }),
};
