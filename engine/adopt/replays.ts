import type { AdoptedPiece } from '../../core/adoption.ts';
import { wholeKind } from '../../core/stage.ts';
import { type ReplayOptions, replay } from '../replay/client.ts';
import type { Replayed, ReplayJob } from '../replay/job.ts';
import { refused } from './refused.ts';

/**
 * Does pieces again, and stops at the first that does not come out the same.
 *
 * @throws CemiflowError `AdoptionRefused`
 */
export const replaySame = async (
  jobs: readonly ReplayJob[],
  options: Omit<ReplayOptions, 'mode'>,
  tell: (what: string) => void,
): Promise<Replayed[]> => {
  const kinds = new Map(jobs.map(({ name, record }) => [name, wholeKind(record.action.kind)]));
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const answers: Replayed[] = [];
  for await (const replayed of replay(jobs, { ...options, mode: 'check', signal })) {
    tell(`${replayed.name}: ${replayed.verdict} (${replayed.seconds.toFixed(1)} s)`);
    const why = whyNot(replayed, kinds.get(replayed.name) ?? '');
    if (why !== undefined) {
      stop.abort();
      throw refused(why, { piece: replayed.name, verdict: replayed.verdict, why: replayed.why ?? '' });
    }
    answers.push(replayed);
  }
  return answers;
};

/** The parts that a cut gave are judged by what they take: see `withParts`. */
const whyNot = ({ name, verdict, why = '', parts }: Replayed, kind: string): string | undefined => {
  if (verdict === 'same' || (verdict === 'different' && parts)) return undefined;
  if (verdict === 'cannot') return `${name} (${kind}) could not be done again: ${why}`;
  return `${name} (${kind}) did not come out the same under today's code: ${why}`;
};

export const pieceOf = ({ name, key, seconds }: Replayed): AdoptedPiece => ({ name, key, verdict: 'same', seconds });
