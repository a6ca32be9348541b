import type { ActionRecord } from '../../core/action.ts';
import { type Lineage, type MadeNode, madeNodes, shardsOf } from '../../core/lineage.ts';
import { cpuText } from '../../core/machine-kind.ts';
import { plural } from '../../core/words.ts';
import { count, fixed } from '../../report/format.ts';
import { escapeHtml } from '../../report/html.ts';
import { fillTook } from '../../report/took.ts';
import { inputsOf } from '../trace/chain.ts';
import { reportOf } from '../trace/numbers.ts';

/**
 * A page or Markdown with the times that a run's actions took, from their records, and the machines that they were measured on. Of a
 * cached action that is the time of the run that made it. The same root gives the same bytes.
 */
export const withTimes = (text: string, lineage: Lineage): string => {
  if (!text.includes('<!--took ')) return text;
  const nodes = new Map(madeNodes(lineage).map((made) => [made.node.id, made]));
  const named = new Map(inputsOf(lineage, reportOf(lineage)).map(({ name, node }) => [name, node]));
  const madeFor = (inputs: readonly string[]): MadeNode[] =>
    [...new Set(inputs.map((input) => named.get(input) ?? ''))].flatMap((id) => nodes.get(id) ?? []);
  return fillTook(
    text,
    (inputs) => {
      const records = madeFor(inputs).flatMap((made) => workOf(lineage, made));
      return records.length === 0 ? '–' : secondsText(records.reduce((sum, { spent }) => sum + spent.wallSeconds, 0));
    },
    (inputs) => escapeHtml(` ${measuredText(lineage, madeFor(inputs))}`),
  );
};

/** The actions of a node: its own, and those of its shards, which may have been made by other runs than the rest. */
const workOf = (lineage: Lineage, { record }: MadeNode): ActionRecord[] => [record, ...shardsOf(lineage, record)];

const secondsText = (seconds: number): string => (seconds < 10 ? fixed(seconds, 1) : count(Math.round(seconds)));

/** On which machines, how many of the actions ran beside others, and which went on from an interruption. */
const measuredText = (lineage: Lineage, made: readonly MadeNode[]): string => {
  const records = made.flatMap((each) => workOf(lineage, each));
  const counts = new Map<string, number>();
  for (const { machine } of records) counts.set(machineText(machine), (counts.get(machineText(machine)) ?? 0) + 1);
  const machines = [...counts].map(([machine, times]) => `${machine} (${plural(times, 'action')})`);
  const beside = besideOthers(lineage, records);
  const resumed = made.filter((each) => workOf(lineage, each).some(({ attempts }) => attempts.length > 1));
  return [
    `Measured on ${machines.join('; ')}.`,
    beside === 0
      ? 'None of them ran beside another action of this run on its machine.'
      : `Of the ${plural(records.length, 'action')}, ${beside} ran beside others of this run on the same machine, which makes each slower, and sums larger than the time that passed.`,
    ...(resumed.length > 0
      ? [`Interrupted, so that more time was spent than is counted: ${resumed.map(({ node }) => node.id).join(', ')}.`]
      : []),
  ].join(' ');
};

const machineText = (machine: ActionRecord['machine']): string => {
  const gpu = machine.tensorflow?.gpu;
  return `${gpu ? `${gpu.name}, ` : ''}${cpuText(machine)}`;
};

/** How many of these actions overlap in time with another of the run on the same host. A sharded action spans its own shards. */
const besideOthers = (lineage: Lineage, records: readonly ActionRecord[]): number => {
  const all = [...lineage.records.values()];
  const within = (a: ActionRecord, b: ActionRecord): boolean => a.parts?.includes(b.key) ?? false;
  return records.filter((own) =>
    all.some(
      (other) =>
        other.key !== own.key &&
        !within(own, other) &&
        !within(other, own) &&
        other.machine.host === own.machine.host &&
        Date.parse(other.startedAt) < Date.parse(own.endedAt) &&
        Date.parse(own.startedAt) < Date.parse(other.endedAt),
    ),
  ).length;
};
