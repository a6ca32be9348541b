import type { Progress } from '../core/stage.ts';

/** What a line of a program's standard output says to cemiflow. */
export type Message =
  | ({ readonly kind: 'progress' } & Partial<Progress>)
  /** The checkpoint folder is whole, and may be stored now. */
  | { readonly kind: 'checkpoint'; readonly step?: number };

const prefix = '::cemiflow ';
/** As names of metrics are shown in status lines and kept in heartbeats. */
const goodName = /^[A-Za-z_][\w.-]{0,63}$/;
/** Heartbeats go out every second: a program may not fill them. */
const mostMetrics = 16;

/**
 * Reads one line, without its end. Two forms are understood: our own, `::cemiflow progress step=120 steps=1000 loss=0.31` and
 * `::cemiflow checkpoint step=120`, and the bars that tqdm draws. Anything else is the program's own.
 */
export const messageIn = (line: string): Message | undefined =>
  line.startsWith(prefix) ? ownMessage(line) : bar(line);

const ownMessage = (line: string): Message | undefined => {
  const [verb, ...rest] = wordsIn(line.slice(prefix.length));
  const values = new Map(rest.flatMap(assignment));
  const step = countOf(values.get('step'));
  if (verb === 'checkpoint') return { kind: 'checkpoint', ...(step !== undefined && { step }) };
  if (verb !== 'progress') return undefined;
  const [steps, phase] = [countOf(values.get('steps')), values.get('phase')];
  const others = [...values].filter(([name]) => !['step', 'steps', 'phase'].includes(name));
  const metrics = metricsOf(others);
  return {
    kind: 'progress',
    ...(step !== undefined && { step }),
    ...(steps !== undefined && { steps }),
    ...(phase && { phase: phase.slice(0, 60) }),
    ...(metrics && { metrics }),
  };
};

/** `a "b c" d="e f"`: words between blanks, where quotes keep blanks. */
const wordsIn = (text: string): string[] =>
  (text.match(/(?:[^\s"]|"[^"]*")+/g) ?? []).map((word) => word.replaceAll('"', ''));

const assignment = (word: string): [string, string][] => {
  const [, name = '', value] = /^([^=]*)=(.*)$/.exec(word) ?? [];
  return value !== undefined && goodName.test(name) ? [[name, value]] : [];
};

const countOf = (text: string | undefined): number | undefined => {
  const value = text === undefined || text === '' ? Number.NaN : Number(text);
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
};

const metricsOf = (values: readonly (readonly [string, string])[]): Progress['metrics'] => {
  const numbers = values.flatMap(([name, text]): [string, number][] => {
    const value = text === '' ? Number.NaN : Number(text);
    return Number.isFinite(value) ? [[name, value]] : [];
  });
  return numbers.length > 0 ? Object.fromEntries(numbers.slice(0, mostMetrics)) : undefined;
};

/** tqdm: `train:  12%|█▎        | 120/1000 [00:12<01:28, 10.0it/s, loss=0.31]`. */
const bar = (line: string): Message | undefined => {
  const found =
    /^(?:(.{1,60}?): {1,2})? {0,2}\d{1,3}%\|[^|]*\| (\d+)\/(\d+) \[[^,\]]*(?:,[^,\]]*)?(?:, ([^\]]*))?\]/.exec(line);
  const [step, steps] = [countOf(found?.[2]), countOf(found?.[3])];
  if (step === undefined || steps === undefined) return undefined;
  const metrics = metricsOf((found?.[4] ?? '').split(', ').flatMap(assignment));
  return { kind: 'progress', step, steps, ...(found?.[1] && { phase: found[1] }), ...(metrics && { metrics }) };
};
