import type { ActionKey, ActionRecord } from '../../core/action.ts';
import { type AdoptedPiece, keyOfWork } from '../../core/adoption.ts';
import { wholeKind } from '../../core/stage.ts';
import { type ReplayOptions, replay } from '../replay/client.ts';
import type { Replayed, ReplayJob } from '../replay/job.ts';
import { refused } from './refused.ts';

/** A piece that came out the same, or what splitting a stage gave. */
export interface Piece extends Replayed {
  /** As `AdoptedPiece`. */
  readonly work: ActionKey;
}

/**
 * Does pieces again, and stops at the first that does not come out the same.
 *
 * @throws CemiflowError `AdoptionRefused`
 */
export const replaySame = async (
  jobs: readonly ReplayJob[],
  options: Omit<ReplayOptions, 'mode'>,
  tell: (what: string) => void,
): Promise<Piece[]> => {
  const records = new Map(jobs.map(({ name, record }) => [name, record]));
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const answers: Piece[] = [];
  for await (const replayed of replay(jobs, { ...options, mode: 'check', signal })) {
    tell(`${replayed.name}: ${replayed.verdict} (${replayed.seconds.toFixed(1)} s)`);
    const record = records.get(replayed.name) as ActionRecord;
    const why = whyNot(replayed, wholeKind(record.action.kind));
    if (why !== undefined) {
      stop.abort();
      throw refused(why, { piece: replayed.name, verdict: replayed.verdict, why: replayed.why ?? '' });
    }
    answers.push({ ...replayed, work: keyOfWork(record) });
  }
  return answers;
};

/** The parts that a cut gave are judged by what they take: see `withShards`. */
const whyNot = ({ name, verdict, why = '', shards }: Replayed, kind: string): string | undefined => {
  if (verdict === 'same' || (verdict === 'different' && shards)) return undefined;
  if (verdict === 'cannot') return `${name} (${kind}) could not be done again: ${why}`;
  return `${name} (${kind}) did not come out the same under today's code: ${why}`;
};

export const pieceOf = ({ name, key, work, seconds }: Piece): AdoptedPiece => ({
  ...{ name, key, work, seconds },
  verdict: 'same',
});
