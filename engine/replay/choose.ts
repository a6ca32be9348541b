import { keyOfWork } from '../../core/adoption.ts';
import { CemiflowError } from '../../core/errors.ts';
import { type Lineage, type MadeNode, madeNodes, shardsOf } from '../../core/lineage.ts';
import { randomStream } from '../../core/random.ts';
import { factsOfKind } from '../../schemas/stage-schemas.ts';
import type { Store } from '../../store/index.ts';
import type { ReplayJob } from './job.ts';

type KeptCheckpoints = Pick<Store['checkpoints'], 'read'>;

/**
 * So many random pieces of a run: shards, evaluations, and training intervals where checkpoints were kept.
 *
 * @param seed of the choice
 */
export const chooseJobs = async (
  lineage: Lineage,
  checkpoints: KeptCheckpoints,
  count: number,
  seed: number,
): Promise<ReplayJob[]> => {
  const jobs: ReplayJob[] = [];
  for (const made of madeNodes(lineage)) {
    jobs.push(...cutJobs(made), ...shardJobs(lineage, made));
    if (factsOfKind(made.record.action.kind).role === 'evaluation') jobs.push(wholeJob(lineage, made));
    jobs.push(...(await intervalJobs(made, checkpoints)));
  }
  const random = randomStream(seed, 'replay');
  return jobs
    .map((job) => ({ job, at: random() }))
    .sort((a, b) => a.at - b.at)
    .slice(0, count)
    .map(({ job }) => job);
};

/**
 * What a person names: a node (with all its shards), or one shard of it as `NODE#3`.
 *
 * @throws CemiflowError `UnknownNode`
 */
export const namedJobs = (lineage: Lineage, name: string): ReplayJob[] => {
  const nodes = madeNodes(lineage);
  const whole = nodes.find(({ node }) => node.id === name);
  if (whole) return [...cutJobs(whole), ...shardJobs(lineage, whole), wholeJob(lineage, whole)];
  const [, id, number] = /^(.*)#(\d+)$/.exec(name) ?? [];
  const sharded = nodes.find(({ node }) => node.id === id);
  const shard = sharded && shardJobs(lineage, sharded)[Number(number) - 1];
  if (shard) return [shard];
  throw new CemiflowError('UnknownNode', `${lineage.run.id} has made no node or shard ${name}`, {
    remedy: `name one of ${nodes.map(({ node }) => node.id).join(', ')}, or a shard such as NODE#1`,
    data: { run: lineage.run.id, node: name },
  });
};

/** Cutting it into shards again, where it has some. */
export const cutJobs = ({ node, record }: MadeNode): ReplayJob[] =>
  record.parts ? [{ name: `${node.id}, split into shards`, record, cut: true }] : [];

export const shardJobs = (lineage: Pick<Lineage, 'records'>, { node, record }: MadeNode): ReplayJob[] =>
  shardsOf(lineage, record).map((shard, i) => ({ name: `${node.id}#${i + 1}`, record: shard }));

export const wholeJob = (lineage: Pick<Lineage, 'records'>, { node, record }: MadeNode): ReplayJob => ({
  name: node.id,
  record,
  ...(record.parts && { shards: shardsOf(lineage, record).map(({ outputs }) => outputs) }),
});

/** From each kept checkpoint to the next: from the start to the first one, and from the last one to the end. */
export const intervalJobs = async ({ node, record }: MadeNode, checkpoints: KeptCheckpoints): Promise<ReplayJob[]> => {
  const state = await checkpoints.read(keyOfWork(record)).catch(() => undefined);
  const kept = (state?.checkpoints ?? []).map(({ step }) => step).filter((step) => step > 0);
  if (kept.length === 0) return [];
  const steps = [0, ...kept.sort((a, b) => a - b)];
  return steps.map((from, i) => {
    const to = steps[i + 1];
    const name = `${node.id}, steps ${from} to ${to ?? 'the end'}`;
    return { name, record, interval: { from, ...(to !== undefined && { to }) } };
  });
};
