import { setTimeout as sleep } from 'node:timers/promises';
import { allRecords, damagedObjects } from '../audit.ts';
import { type Fault, isEqual, turn } from '../fault.ts';
import { trialMs } from '../lab.ts';

const stopSeconds = 10;

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
    const seconds = draw() * (undisturbed.seconds[kind] ?? 1) * 0.6;
    if (await lab.until(command, kind, ({ heartbeat }) => (heartbeat?.toStep ?? 0) > 0)) await sleep(seconds * 1000);
    const [met] = await lab.underWay(kind);
    if (!met) {
      await lab.finish(command);
      return undefined;
    }
    const askedAtMs = Date.now();
    const { code, err } = await lab.cemiflow(['cancel', lab.runId]).within(trialMs);
    const stopped = (Date.now() - askedAtMs) / 1000;
    await command.ended;
    const damaged = await damagedObjects(lab.store);
    const { done, commands, said } = await lab.finish(lab.start());
    const [record] = (await allRecords(lab.store)).filter(({ action }) => action.kind === kind);
    const [first, ...later] = record?.attempts ?? [];
    const goneOn = later.at(-1)?.fromStep ?? 0;
    return {
      at: kind,
      happened: `${seconds.toFixed(2)} s into training, at step ${met.heartbeat?.toStep}: cancelled at step ${first?.toStep}, went on from ${goneOn}`,
      checks: {
        [`stopped within ${stopSeconds} s`]: code === 0 && stopped <= stopSeconds,
        'checkpoint sound': damaged.length === 0 && goneOn > 0 && goneOn === first?.toStep,
        'run complete': done,
        'digests equal': await isEqual(lab, undisturbed),
      },
      figures: { 'stopped after, s': stopped, commands },
      said: `${err.slice(-500)}${said}`,
    };
  },
};
