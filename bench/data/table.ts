/** Prints the table of the documentation: `node --import tsx bench/data/table.ts docs/benchmarks-data.json` */
import { readFileSync } from 'node:fs';
import { runProgram } from '../program.ts';

interface Measured {
  readonly name: string;
  readonly ours: {
    readonly repetitions: readonly { readonly load: number }[];
    readonly peakMemoryBytes?: number;
    readonly facts?: { readonly imagesPerSecond?: number };
  };
}

const sizes = [10_000, 100_000, 500_000];
const missing = '–';

/** Rows by work: images per second at the largest size that was measured, and peak memory at each. */
const table = (results: readonly Measured[]): string => {
  const works = new Map<string, Map<number, Measured['ours']>>();
  for (const { name, ours } of results) {
    const [, work, size] = /^data\/([\w-]+)\/(\d+)$/.exec(name) ?? [];
    if (work === undefined || !ours.facts) continue;
    works.set(work, (works.get(work) ?? new Map()).set(Number(size), ours));
  }
  const rows = [...works].map(([work, found]) => {
    const measured = sizes.flatMap((size) => found.get(size) ?? []);
    const rates = measured.map(({ facts }) => facts?.imagesPerSecond ?? 0);
    const loads = measured.flatMap(({ repetitions }) => repetitions.map(({ load }) => load.toFixed(1)));
    const peaks = sizes.map((size) => {
      const bytes = found.get(size)?.peakMemoryBytes;
      return bytes === undefined ? missing : `${Math.round(bytes / 2 ** 20)}`;
    });
    const each = rates.map((rate) => rate.toLocaleString('en')).join(' / ');
    return `| \`data/${work}\` | ${each} | ${peaks.join(' | ')} | ${loads.join(' / ')} |`;
  });
  const header = ['work', 'images per second', ...sizes.map((size) => size.toLocaleString('en')), 'load average'];
  return [`| ${header.join(' | ')} |`, '| --- | ---: | ---: | ---: | ---: | --- |', ...rows].join('\n');
};

await runProgram(async () => {
  const { results } = JSON.parse(readFileSync(process.argv[2] as string, 'utf8'));
  process.stdout.write(`${table(results)}\n`);
  return 0;
});
