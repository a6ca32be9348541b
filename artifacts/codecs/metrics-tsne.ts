import type { MappedPoints, TsneMetrics } from '../../metrics/tsne/metrics.ts';
import type { Fields } from '../fields.ts';
import type { MetricsKind } from './metrics.ts';

export const tsneKind: MetricsKind<TsneMetrics> = {
  kind: 'tsne',
  read: (fields) => {
    const inquiries = fields.list('inquiries', (each) => ({ inquiries: each.digest('inquiries'), ...mappedIn(each) }));
    return {
      kind: 'tsne',
      recognizer: fields.digest('recognizer'),
      points: fields.integer('points', { from: 1 }),
      dimensions: fields.integer('dimensions', { from: 2 }),
      perplexity: fields.number('perplexity', { from: 1 }),
      iterations: fields.integer('iterations', { from: 1 }),
      earlyExaggeration: fields.number('earlyExaggeration', { from: 1 }),
      learningRate: fields.number('learningRate', { from: 0 }),
      klDivergence: fields.number('klDivergence'),
      sets: fields.list('sets', (set) => ({
        label: set.string('label'),
        data: set.digest('data'),
        ...mappedIn(set),
        ...set.optional('inquiries', (each) => ({
          inquiries: each.integer('inquiries', { from: 0, to: inquiries.length - 1 }),
        })),
      })),
      inquiries,
    };
  },
};

const mappedIn = (fields: Fields): MappedPoints => {
  const identity = fields.numbers('identity');
  const column = (name: 'image' | 'x' | 'y'): number[] => {
    const values = fields.numbers(name);
    if (values.length === identity.length) return values;
    throw fields.fault(name, `${identity.length} numbers, one for each identity`);
  };
  return { identity, image: column('image'), x: column('x'), y: column('y') };
};
