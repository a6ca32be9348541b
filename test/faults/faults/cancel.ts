import { setTimeout as sleep } from 'node:timers/promises';
import { damagedObjects, recordsOf } from '../audit.ts';
import { type Fault, isEqual, turn } from '../fault.ts';
import { type Lab, trialMs } from '../lab.ts';
import { msOf } from '../under-way.ts';

const stopSeconds = 10;
/** The command itself takes some seconds until it asks: the training must not be over by then. */
const earlyShare = 0.4;

/** `cemiflow cancel` at a random moment of a training, then `cemiflow run`. */
export const cancel: Fault = {
  name: 'cancel',
  harm: '"cemiflow cancel" during training, then "cemiflow run"',
  trials: 20,
  trial: async ({ lab, undisturbed, index, draw }) => {
    const kind = turn(
      lab.kinds.filter((name) => /train$/.test(name)),
      index,
    );
    await lab.forget([kind]);
    const command = lab.start();
    const seconds = draw() * (undisturbed.seconds[kind] ?? 1) * earlyShare;
    if (await lab.until(command, kind, ({ heartbeat }) => (heartbeat?.toStep ?? 0) > 0)) await sleep(seconds * 1000);
    const [met] = await lab.underWay(kind);
    if (!met) {
      await lab.finish(command);
      return undefined;
    }
    const { err } = await lab.cemiflow(['cancel', lab.runId]).within(trialMs);
    const stopped = await secondsToStop(lab);
    await command.ended;
    // Over before the request came.
    if (stopped === undefined || (await recordsOf(lab.store, kind)).length > 0) {
      await lab.finish(lab.start());
      return undefined;
    }
    const damaged = await damagedObjects(lab.store);
    const { done, commands, said } = await lab.finish(lab.start());
    const attempts = (await recordsOf(lab.store, kind))[0]?.attempts ?? [];
    const at = attempts.findLastIndex(({ end }) => end === 'cancelled');
    const keptStep = attempts[at]?.toStep ?? 0;
    const goneOn = attempts.slice(at + 1).find(({ fromStep }) => fromStep !== undefined)?.fromStep ?? 0;
    const told = attempts.map(({ fromStep = 0, toStep = 0, end }) => `${fromStep} to ${toStep} ${end}`);
    return {
      at: kind,
      happened: `${seconds.toFixed(2)} s into training; attempts by steps: ${told.join(', ')}`,
      checks: {
        [`stopped within ${stopSeconds} s`]: stopped <= stopSeconds,
        'checkpoint sound': damaged.length === 0 && at >= 0 && keptStep > 0 && goneOn === keptStep,
        'run complete': done,
        'digests equal': await isEqual(lab, undisturbed),
      },
      figures: { 'stopped after, s': stopped, commands },
      said: `${err.slice(-500)}${said}`,
    };
  },
};

/** From the request to the run's end, both by Temporal's clock; nothing where the run was over before. */
const secondsToStop = async ({ client, runId }: Lab): Promise<number | undefined> => {
  const { events } = await client.workflow.getHandle(runId).fetchHistory();
  const timeOf = (type: 'workflowExecutionCancelRequested' | 'workflowExecutionCanceled'): number | undefined =>
    msOf(events?.find((event) => event[`${type}EventAttributes`])?.eventTime);
  const [asked, ended] = [timeOf('workflowExecutionCancelRequested'), timeOf('workflowExecutionCanceled')];
  return asked === undefined || ended === undefined ? undefined : (ended - asked) / 1000;
};
