import { setTimeout as sleep } from 'node:timers/promises';
import { findOrphans } from '../../../services/orphans.ts';
import { damagedObjects, doneTwice } from '../audit.ts';
import { type Fault, isEqual, turn } from '../fault.ts';

/** A command starts, plans and asks for workers before the first stage begins. */
const leadSeconds = 4;

/** Supervisor, servers, workers and command at once, at any moment of a run; then the user starts the run again. */
export const everything: Fault = {
  name: 'everything',
  harm: 'kill -9 of supervisor, Temporal, MinIO, workers and command at once, then "cemiflow run"',
  trials: 20,
  trial: async ({ lab, undisturbed, index, draw }) => {
    const kind = turn(lab.kinds.toReversed(), index);
    await lab.forget([kind]);
    const command = lab.start();
    const seconds = draw() * (leadSeconds + (undisturbed.seconds[kind] ?? 1));
    await sleep(seconds * 1000);
    const met = (await lab.underWay()).map(({ id }) => id);
    const running = await lab.supervisor();
    if (command.isOver || !running) {
      await lab.finish(command);
      return undefined;
    }
    // The supervisor first: what dies after it is not started again.
    process.kill(running.pid, 'SIGKILL');
    command.kill();
    // Read after its death, so that no child is missed that it started last.
    const children = findOrphans(lab.home);
    for (const { pid } of children) process.kill(pid, 'SIGKILL');
    await command.ended;
    const { done, commands, codes, said } = await lab.finish(lab.start());
    return {
      at: kind,
      happened: `${seconds.toFixed(2)} s after the command began, during ${met.join(', ') || 'no stage'}: ${children.length + 2} processes${codes.length > 0 ? `; told ${codes.join(', ')}` : ''}`,
      checks: {
        'run complete': done,
        'digests equal': await isEqual(lab, undisturbed),
        'nothing done again after its record': (await doneTwice(lab.store)).length === 0,
        'nothing partial stored': (await damagedObjects(lab.store)).length === 0,
      },
      figures: { commands },
      said,
    };
  },
};
