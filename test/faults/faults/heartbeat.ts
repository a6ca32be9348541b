import { setTimeout as sleep } from 'node:timers/promises';
import { type Fault, isEqual } from '../fault.ts';

const pollMs = 100;
/** A run's own where nothing else is asked for. */
const timeoutSeconds = 60;

/**
 * Nothing is harmed. The server's own time of the last heartbeat of every stage activity, read ten times a second over a
 * whole run: the largest step from one to the next. A heartbeat that is missed between two reads makes it larger, never
 * smaller.
 */
export const heartbeat: Fault = {
  name: 'heartbeat',
  harm: 'nothing: gap between heartbeats of every stage over a whole run',
  trials: 1,
  trial: async ({ lab, undisturbed }) => {
    await lab.forget(lab.kinds);
    const command = lab.start([]);
    const last = new Map<string, number>();
    let [gap, where, seen] = [0, '', 0];
    while (!command.isOver) {
      for (const { id, attempt, startedAtMs, heartbeatAtMs } of await lab.underWay()) {
        if (heartbeatAtMs === undefined) continue;
        const name = `${id}#${attempt}`;
        const before = last.get(name) ?? startedAtMs;
        if (heartbeatAtMs > before) seen++;
        if (heartbeatAtMs - before > gap) [gap, where] = [heartbeatAtMs - before, id];
        last.set(name, Math.max(before, heartbeatAtMs));
      }
      await sleep(pollMs);
    }
    const { done, commands, said } = await lab.finish(command);
    return {
      at: 'every kind',
      happened: `${seen} heartbeats seen of ${last.size} activities; the largest gap in ${where}`,
      checks: {
        'run complete': done,
        'digests equal': await isEqual(lab, undisturbed),
        'under half the timeout': gap / 1000 < timeoutSeconds / 2,
      },
      figures: { 'largest gap, s': gap / 1000, commands },
      said,
    };
  },
};
