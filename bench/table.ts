import type { Machine } from './machine.ts';
import { countedPeer, type Result, type SideResult } from './measure.ts';

const header = ['work', 'side', 'median', 'min … max', 'quartiles', 'ratio', 'by round', 'target', 'memory'];

/** `1.23 s`, `45.6 ms`: three digits. */
const time = (seconds: number): string =>
  seconds >= 1 ? `${seconds.toPrecision(3)} s` : `${(seconds * 1000).toPrecision(3)} ms`;

const ratio = (value: number | undefined): string => (value === undefined ? '' : value.toFixed(2));

const target = (result: Result): string => {
  const { target: least, targetSeconds, against, reached } = result;
  const named = against === 'fastest' ? countedPeer(result)?.name : undefined;
  const of = against === 'each' ? '' : ` of the ${against}${named === undefined ? '' : ` (${named})`}`;
  const what = [
    ...(least === undefined ? [] : [`≥ ${least}${of}`]),
    ...(targetSeconds === undefined ? [] : [`≤ ${time(targetSeconds)}`]),
  ].join(' and ');
  return what && `${what}: ${reached === undefined ? 'not measured' : reached ? 'reached' : 'missed'}`;
};

const rowOf = (side: SideResult): string[] => {
  const { name, spread, error, peakMemoryBytes } = side;
  const memory = peakMemoryBytes === undefined ? '' : `${(peakMemoryBytes / 2 ** 20).toFixed(0)} MiB`;
  if (spread === undefined)
    return [name, `failed: ${error?.split('\n')[0] ?? 'no repetition'}`, '', '', '', '', memory];
  const { median, min, max, quartiles } = spread;
  const [low, high] = quartiles;
  return [
    name,
    time(median),
    `${time(min)} … ${time(max)}`,
    `${time(low)} … ${time(high)}`,
    ratio(side.ratio?.ofMedians),
    ratio(side.ratio?.perRound),
    memory,
  ];
};

/** A line for each side of each result; `ratio` is the peer's time over ours. */
const rows = (results: readonly Result[]): string[][] =>
  results.flatMap((result) =>
    [result.ours, ...result.peers].map((side, i) => {
      const cells = rowOf(side);
      return [i === 0 ? result.name : '', ...cells.slice(0, -1), i === 0 ? target(result) : '', cells.at(-1) as string];
    }),
  );

/** Columns aligned with spaces, for a terminal. */
export const textTable = (results: readonly Result[]): string => {
  const lines = [header, ...rows(results)];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i] as number))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

/** The machine and date, the same table, and what each work is; for a page of the documentation. */
export const markdown = (results: readonly Result[], machine: Machine): string => {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const memory = `${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB`;
  const where = `${machine.cpu}, ${machine.cores} cores, ${memory}, ${machine.os}, Node ${machine.node}, TensorFlow ${machine.tensorflow}`;
  const facts = results.flatMap(({ name, work, date, rounds, ours, peers }) => [
    `- **${name}** (${date.slice(0, 10)}, ${rounds} rounds): ${work}`,
    ...[ours, ...peers].flatMap((side) => (side.facts ? [`  - ${side.name}: \`${JSON.stringify(side.facts)}\``] : [])),
  ]);
  return [where, '', line(header), line(header.map(() => '---')), ...rows(results).map(line), '', ...facts, ''].join(
    '\n',
  );
};

/** `store: 1.02 of at least 0.8, reached`: one line for the end of a run. */
export const verdict = (result: Result): string => {
  const counted = countedPeer(result);
  const figure = counted === undefined ? '' : ` ratio ${ratio(counted.ratio)},`;
  return `${result.name}:${figure} ${target(result) || 'no target'}`;
};
