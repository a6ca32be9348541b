import { setTimeout as sleep } from 'node:timers/promises';
import { damagedObjects } from '../audit.ts';
import { type Fault, isEqual, turn } from '../fault.ts';
import { type FaultProxy, storeFaults } from '../proxy.ts';

/** Longer than the store's own retries take, so that some calls fail and activities are tried again. */
const longestSeconds = 8;
/** A fault that nothing meets is none: it waits so long for a request. */
const waitMs = 20_000;
/** Codes of errors that nobody foresaw. */
const unforeseen = ['Unexpected', 'StageCrashed'];

/** Each fault of the proxy in turn, for a random time from a random moment of a stage on. */
export const store: Fault = {
  name: 'store',
  harm: 'the store answers 503 or 507, resets, cuts downloads short, loses answers, stalls, slows down',
  trials: 50,
  proxied: true,
  trial: async ({ lab, undisturbed, index, draw }) => {
    const proxy = lab.proxy as FaultProxy;
    const fault = turn(storeFaults, index);
    const kind = turn(lab.kinds, index);
    await lab.forget([kind]);
    const command = lab.start();
    const seconds = draw() * (undisturbed.seconds[kind] ?? 1);
    const lasts = 0.5 + draw() * longestSeconds;
    if (await lab.until(command, kind)) await sleep(seconds * 1000);
    if (command.isOver) {
      await lab.finish(command);
      return undefined;
    }
    const struck = await strike(proxy, fault, lasts, () => command.isOver);
    const { done, commands, codes, said } = await lab.finish(command);
    if (struck === 0) return undefined;
    return {
      at: kind,
      happened: `${fault} for ${lasts.toFixed(1)} s, ${seconds.toFixed(2)} s after the stage began: ${struck} requests${codes.length > 0 ? `; told ${codes.join(', ')}` : ''}`,
      checks: {
        'run complete': done,
        'digests equal': await isEqual(lab, undisturbed),
        'errors typed': !codes.some((code) => unforeseen.includes(code)),
        'nothing partial stored': (await damagedObjects(lab.store)).length === 0,
      },
      figures: { 'requests met': struck, commands },
      said,
    };
  },
};

/** @returns how many requests met the fault */
const strike = async (
  proxy: FaultProxy,
  fault: Parameters<FaultProxy['begin']>[0],
  seconds: number,
  isOver: () => boolean,
): Promise<number> => {
  proxy.begin(fault);
  try {
    const deadline = Date.now() + waitMs;
    while (proxy.struck === 0 && Date.now() < deadline && !isOver()) await sleep(10);
    if (proxy.struck > 0) await sleep(seconds * 1000);
    return proxy.struck;
  } finally {
    proxy.end();
  }
};
