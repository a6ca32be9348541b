import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { recordsOf } from '../audit.ts';
import { type Fault, isEqual, turn } from '../fault.ts';
import { checkpointSeconds, type Lab } from '../lab.ts';
import type { UnderWay } from '../under-way.ts';

/** A step, a copy and an upload may be under way when the process dies, and the thread that uploads be starting. */
const allowanceSeconds = 2;

const isTraining = (kind: string): boolean => /train$/.test(kind);
const isProgram = (kind: string): boolean => kind === 'command/run';

/**
 * @param kinds one after the other
 * @param begun whether the moment to count from has come
 * @param share of the stage's time that moments are drawn from
 * @param pidOf whom to kill in this trial
 */
const killed = (
  about: Pick<Fault, 'name' | 'harm' | 'trials'>,
  kinds: (kind: string) => boolean,
  begun: (met: UnderWay) => boolean,
  share: number,
  pidOf: (met: UnderWay, index: number) => number = ({ pid }) => pid,
): Fault => ({
  ...about,
  trial: async ({ lab, undisturbed, index, draw }) => {
    const kind = turn(lab.kinds.filter(kinds), index);
    await lab.forget([kind]);
    const command = lab.start();
    const seconds = draw() * (undisturbed.seconds[kind] ?? 1) * share;
    if (await lab.until(command, kind, begun)) await sleep(seconds * 1000);
    const [victim] = await lab.underWay(kind);
    const pid = victim && pidOf(victim, index);
    if (pid) process.kill(pid, 'SIGKILL');
    const killedAtMs = Date.now();
    const isRecorded = (await recordsOf(lab.store, kind)).length > 0;
    const kept = victim && !isRecorded ? await lastCheckpoint(lab, kind) : undefined;
    const { done, commands, said } = await lab.finish(command);
    if (!victim) return undefined;
    const lost = isRecorded ? undefined : lostSeconds(victim, kept, killedAtMs);
    const attempts = (await recordsOf(lab.store, kind)).at(-1)?.attempts ?? [];
    const next = attempts
      .slice(attempts.findLastIndex((each) => each.pid === victim.pid && each.end !== 'done') + 1)
      .find(({ fromStep }) => fromStep !== undefined);
    return {
      at: kind,
      happened: `${pid === victim.pid ? '' : 'the program of '}${victim.id}, ${seconds.toFixed(2)} s after ${share < 1 ? 'its first steps' : 'its start'}, in ${phaseOf(victim)}${kept ? `, checkpoint of step ${kept.step}` : ''}`,
      checks: {
        'run complete': done,
        'digests equal': await isEqual(lab, undisturbed),
        ...(lost === undefined ? {} : { 'lost at most one interval': lost <= intervalOf(kept) + allowanceSeconds }),
        ...(kept ? { 'went on from the checkpoint': next?.fromStep === kept.step } : {}),
        'no checkpoint left': (await lab.store.objects.list('checkpoints/')).length === 0,
      },
      figures: { ...(lost === undefined ? {} : { 'work lost, s': lost }), attempts: attempts.length, commands },
      said,
    };
  },
});

export const worker = killed(
  { name: 'worker', harm: 'kill -9 of a worker at a random moment of every stage kind', trials: 100 },
  () => true,
  () => true,
  1,
);

/** Most of a short training is its start; here the moments fall among the steps. */
export const training = killed(
  { name: 'training', harm: 'kill -9 of a worker between two steps of a training', trials: 25 },
  isTraining,
  ({ heartbeat }) => (heartbeat?.toStep ?? 0) > 0,
  0.5,
);

/** In turns the worker that runs a program, and the program itself. */
export const program = killed(
  {
    name: 'program',
    harm: 'kill -9 of a program of a user, or of the worker that runs it, among its steps',
    trials: 25,
  },
  isProgram,
  ({ heartbeat }) => (heartbeat?.step ?? 0) > 0,
  0.5,
  ({ pid }, index) => (index % 2 === 0 ? pid : (programOf(pid) ?? pid)),
);

/** A process that a worker's program is; nothing where it has ended. */
const programOf = (worker: number): number | undefined => {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each)))
    try {
      // The name, in brackets, may hold anything.
      const [, parent] = readFileSync(`/proc/${name}/stat`, 'latin1').replace(/^.*\)/s, '').trim().split(' ');
      parents.set(Number(name), Number(parent));
    } catch {
      // It has just ended.
    }
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && (parent === worker || isBelow(parent));
  };
  return [...parents.keys()].find((pid) => isBelow(pid) && /python/.test(commandOf(pid)));
};

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
};

const phaseOf = ({ heartbeat }: UnderWay): string =>
  heartbeat ? `${heartbeat.phase} ${heartbeat.step}/${heartbeat.steps}` : 'start';

interface Kept {
  readonly step: number;
  /** When it was in the store. */
  readonly atMs: number;
  /** When the one before it was. */
  readonly beforeMs?: number;
}

/** The newest checkpoint that the store has of the one action of this kind that has any. */
const lastCheckpoint = async ({ store }: Lab, kind: string): Promise<Kept | undefined> => {
  if (!isTraining(kind) && !isProgram(kind)) return undefined;
  for (const name of await store.objects.list('checkpoints/')) {
    if (!name.endsWith('/state')) continue;
    const state = await store.checkpoints.read(`sha256:${name.split('/')[1]}`);
    const [newest, before] = state?.checkpoints ?? [];
    if (newest) return { step: newest.step, atMs: Date.parse(newest.at), beforeMs: before && Date.parse(before.at) };
  }
  return undefined;
};

/** What was asked for, or what the busy machine made of it: from one checkpoint to the next. */
const intervalOf = (kept: Kept | undefined): number =>
  Math.max(checkpointSeconds, kept?.beforeMs === undefined ? 0 : (kept.atMs - kept.beforeMs) / 1000);

/**
 * Training of the attempt that was killed: since its last checkpoint, or since its first step where it had none yet; nothing
 * where it had not begun to step.
 */
const lostSeconds = (
  { heartbeat, startedAtMs }: UnderWay,
  kept: Kept | undefined,
  killedAtMs: number,
): number | undefined => {
  if (kept && kept.atMs > startedAtMs) return Math.max(0, killedAtMs - kept.atMs) / 1000;
  const steps = (heartbeat?.toStep ?? 0) - (heartbeat?.resumedFrom ?? 0);
  if (!heartbeat?.stepsPerSecond || steps <= 0) return undefined;
  return steps / heartbeat.stepsPerSecond + Math.max(0, killedAtMs - heartbeat.atMs) / 1000;
};
