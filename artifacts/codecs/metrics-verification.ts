import type { FoldedTar, Roc, Tar } from '../../metrics/tar.ts';
import type { OperatingPoints, VerificationMetrics } from '../../metrics/verification.ts';
import type { Fields } from '../fields.ts';
import type { MetricsKind } from './metrics.ts';

const share = { from: 0, to: 1 };

export const verificationKind: MetricsKind<VerificationMetrics> = {
  kind: 'verification',
  read: (fields) => {
    const version = fields.optional('version', () => fields.integer('version', { from: 2, to: 2 }) as 2);
    const channels = fields.optional('channels', () => channelsIn(fields));
    return {
      kind: 'verification',
      ...(version && { version }),
      ...(channels && { channels }),
      sets: fields.map('sets', (set) => ({
        accuracy: set.number('accuracy'),
        std: set.number('std'),
        threshold: set.number('threshold'),
        foldAccuracies: set.numbers('foldAccuracies'),
        foldThresholds: set.numbers('foldThresholds'),
        pairs: set.integer('pairs'),
        scores: set.digest('scores'),
        ...(version && operatingPointsIn(set)),
      })),
      average: fields.number('average'),
    };
  },
};

/** The order of colours that images were embedded in. */
export const channelsIn = (fields: Fields): 'rgb' | 'bgr' => fields.oneOf('channels', ['rgb', 'bgr']);

const operatingPointsIn = (set: Fields): OperatingPoints => {
  const best = set.object('best');
  const folded = set.optional('tarOverFolds', () => foldedIn(set.object('tarOverFolds')));
  return {
    best: { threshold: best.number('threshold'), accuracy: best.number('accuracy', share) },
    ...(folded && { tarOverFolds: folded }),
    tar: set.list('tar', tarIn),
    roc: rocIn(set.object('roc')),
  };
};

const foldedIn = (fields: Fields): FoldedTar => ({
  far: fields.number('far', share),
  tar: fields.number('tar', share),
  std: fields.number('std'),
  farReached: fields.number('farReached', share),
  foldThresholds: fields.numbers('foldThresholds'),
});

const tarIn = (fields: Fields): Tar => ({
  far: fields.number('far', share),
  tar: fields.number('tar', share),
  farReached: fields.number('farReached', share),
  threshold: fields.number('threshold'),
});

/** @throws CemiflowError `ArtifactInvalid` */
export const rocIn = (fields: Fields): Roc => {
  const [far, tar] = [fields.numbers('far'), fields.numbers('tar')];
  if (far.length !== tar.length) throw fields.fault('tar', `${far.length} numbers, one for each FAR`);
  return { far, tar };
};
