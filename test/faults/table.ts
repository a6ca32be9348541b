import { spreadOf } from '../../bench/statistics.ts';
import type { Series } from './session.ts';

const header = ['fault', 'trials', 'what held', 'figures'];

/** `digests equal 100 of 100`, for each promise that trials of the series checked. */
const heldIn = ({ trials }: Series): string[] => {
  const promises = new Set(trials.flatMap(({ checks }) => Object.keys(checks)));
  return [...promises].map((promise) => {
    const asked = trials.filter(({ checks }) => promise in checks);
    const held = asked.filter(({ checks }) => checks[promise]).length;
    const text = `${promise} ${held} of ${asked.length}`;
    return held === asked.length ? text : `**${text}**`;
  });
};

/** `work lost, s: median 0.62, most 1.3`. */
const figuresIn = ({ trials }: Series): string[] => {
  const names = new Set(trials.flatMap(({ figures }) => Object.keys(figures)));
  return [...names].map((name) => {
    const values = trials.flatMap(({ figures }) => figures[name] ?? []);
    const { median, max } = spreadOf(values);
    return `${name}: ${values.length > 1 ? `median ${short(median)}, most ` : ''}${short(max)}`;
  });
};

const short = (value: number): string => (Number.isInteger(value) ? `${value}` : value.toPrecision(3));

/** One row a fault. */
export const markdown = (series: readonly Series[]): string => {
  const rows = series.map((each) => [
    each.harm,
    `${each.trials.length}`,
    heldIn(each).join('; '),
    figuresIn(each).join('; '),
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
};

export const allHeld = (series: readonly Series[]): boolean =>
  series.every(({ trials }) => trials.every(({ checks }) => Object.values(checks).every(Boolean)));
