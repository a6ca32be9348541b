import { setTimeout as sleep } from 'node:timers/promises';
import { doneTwice } from '../audit.ts';
import { type Fault, isEqual, pick, turn } from '../fault.ts';

/** Stage kinds that a trial does anew, one of them a training: what a run of some minutes meets. */
const kindsDone = 3;

/** A process that all of a run depends on, at a random moment of it; the supervisor starts it again. */
const server = (name: 'temporal' | 'minio' | 'orchestrator', title: string, trials = 25): Fault => ({
  name,
  harm: `kill -9 of ${title} during a run`,
  trials,
  trial: async ({ lab, undisturbed, index, draw }) => {
    const training = turn(
      lab.kinds.filter((kind) => /train$/.test(kind)),
      index,
    );
    const kinds = new Set([training]);
    while (kinds.size < Math.min(kindsDone, lab.kinds.length)) kinds.add(pick(lab.kinds, draw));
    await lab.forget([...kinds]);
    const command = lab.start();
    const expected = [...kinds].reduce((sum, kind) => sum + (undisturbed.seconds[kind] ?? 1), 0);
    const seconds = draw() * expected;
    while (!command.isOver && (await lab.underWay()).length === 0) await sleep(20);
    await sleep(seconds * 1000);
    const met = (await lab.underWay()).map(({ id }) => id);
    const pid = (await lab.supervisor())?.children.find((child) => child.kind === name)?.pid;
    if (command.isOver || pid === undefined) {
      await lab.finish(command);
      return undefined;
    }
    process.kill(pid, 'SIGKILL');
    const { done, commands, codes, said } = await lab.finish(command);
    return {
      at: [...kinds].join(', '),
      happened: `${seconds.toFixed(2)} s after the first stage began, during ${met.join(', ') || 'no stage'}${codes.length > 0 ? `; told ${codes.join(', ')}` : ''}`,
      checks: {
        'run complete': done,
        'digests equal': await isEqual(lab, undisturbed),
        'nothing done again after its record': (await doneTwice(lab.store)).length === 0,
      },
      figures: { commands },
      said,
    };
  },
});

export const temporal = server('temporal', 'Temporal');
export const minio = server('minio', 'MinIO');
export const orchestrator = server('orchestrator', 'the worker that carries the workflows', 10);
