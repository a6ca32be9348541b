import { type ActionKey, type ActionRecord, actionKey } from '../../core/action.ts';
import type { Lineage, MadeNode } from '../../core/lineage.ts';
import { randomStream } from '../../core/random.ts';
import type { StageSchema } from '../../schemas/stage-schemas.ts';
import type { Store } from '../../store/index.ts';
import { intervalJobs, shardJobs, wholeJob } from '../replay/choose.ts';
import type { ReplayJob } from '../replay/job.ts';
import type { NodeCandidate } from './candidates.ts';

/** How pieces are chosen. */
export interface Choice {
  /** At least so many of each stage kind, where there are so many. */
  readonly pieces: number;
  /** Of the random choice. */
  readonly seed: number;
}

/** Cuts a sharded node again under today's code, which tells what its parts are. */
export const cutJob = ({ made, now, parts }: NodeCandidate): ReplayJob => {
  const expected = parts.map(({ old }) => actionKey({ ...old.action, code: now.action.code }));
  return { name: `${made.node.id}, split into shards`, record: { ...now, parts: expected }, cut: true };
};

/**
 * Random pieces of the finished work of one kind. Of a sharded kind parts and joins alike. Of trainings the intervals between
 * checkpoints that were kept, always with the first and the last one of that training; or else whole ones, the shortest first.
 */
export const choosePieces = async (
  { kind, facts, sharded }: StageSchema,
  candidates: readonly NodeCandidate[],
  checkpoints: Pick<Store['checkpoints'], 'read'>,
  { pieces, seed }: Choice,
): Promise<ReplayJob[]> => {
  const random = (jobs: readonly ReplayJob[], what: string): ReplayJob[] => {
    const next = randomStream(seed, 'adopt', kind, what);
    const drawn = jobs.map((job) => ({ job, at: next() })).sort((a, b) => a.at - b.at);
    return drawn.slice(0, pieces).map(({ job }) => job);
  };
  const lineage = lineageOf(candidates);
  const nodes = candidates.map(({ made, now }): MadeNode => ({ node: made.node, key: now.key, record: now }));
  const wholes = nodes.map((node) => wholeJob(lineage, node));
  if (sharded) {
    const parts = nodes.flatMap((node) => shardJobs(lineage, node));
    return [...random(parts, 'parts'), ...random(wholes, 'joins')];
  }
  const intervals = await Promise.all(nodes.map((node) => intervalJobs(node, checkpoints)));
  const drawn = new Set(random(intervals.flat(), 'intervals'));
  // Only the first shows how a training starts, only the last what it ends with.
  const isProof = (job: ReplayJob, i: number, all: readonly ReplayJob[]): boolean =>
    drawn.has(job) || ((i === 0 || i === all.length - 1) && all.some((each) => drawn.has(each)));
  if (drawn.size > 0) return intervals.flatMap((jobs) => jobs.filter(isProof));
  const trains = facts.role === 'model' || facts.role === 'generator';
  return trains ? [...wholes].sort(shorterFirst).slice(0, pieces) : random(wholes, 'wholes');
};

const shorterFirst = (a: ReplayJob, b: ReplayJob): number => a.record.spent.wallSeconds - b.record.spent.wallSeconds;

/** As much of a lineage as jobs are made from. */
const lineageOf = (candidates: readonly NodeCandidate[]): Pick<Lineage, 'records'> => {
  const parts = candidates.flatMap((candidate) => candidate.parts);
  return { records: new Map(parts.map(({ now }): [ActionKey, ActionRecord] => [now.key, now])) };
};
