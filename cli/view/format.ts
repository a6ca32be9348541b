import type { Version } from '../../client/version.ts';

/** `850 ms`, `42 s`, `3m 07s`, `2h 05m`, `1d 03h` */
export const formatDuration = (seconds: number): string => {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const [whole, two] = [Math.round(seconds), (n: number) => String(n).padStart(2, '0')];
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h ${two(Math.floor((whole % 3600) / 60))}m`;
  return `${Math.floor(whole / 86_400)}d ${two(Math.floor((whole % 86_400) / 3600))}h`;
};

/** Four significant digits at most: `0.03121`, `12.5`, `1200` */
export const formatNumber = (value: number): string =>
  Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value);

/** `4.1 step/s`, or `12 s/step` where a step takes longer than a second. */
export const formatSpeed = (stepsPerSecond: number): string =>
  stepsPerSecond >= 1 ? `${formatNumber3(stepsPerSecond)} step/s` : `${formatNumber3(1 / stepsPerSecond)} s/step`;

const formatNumber3 = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(2));

/** `812 B`, `3.4 KiB`, `120 MiB` */
export const formatBytes = (bytes: number): string => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? value.toFixed(0) : value.toPrecision(2)} ${units[power]}`;
};

/** Cut to `width` columns, the last one an ellipsis. Text holds no escape sequences and no wide characters. */
export const fitWidth = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;

/** Columns padded to the widest cell of each. */
export const alignColumns = (rows: readonly (readonly string[])[], gap = 2): string[] => {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows.map((row) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd((widths[i] ?? 0) + gap)))
      .join('')
      .trimEnd(),
  );
};

/** `cemiflow 0.1.0 (7f2c3e1a9b04)` */
export const formatVersion = ({ version, commit }: Version): string =>
  `cemiflow ${version}${commit ? ` (${commit})` : ''}`;
