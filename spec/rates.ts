import type { ActionRecord } from '../core/action.ts';
import type { JsonObject } from '../core/errors.ts';
import { type MachineKind, machineKindOf } from '../core/machine-kind.ts';
import { plural } from '../core/words.ts';

/** What decides how fast an action is, besides the machine. */
export interface Pace {
  readonly kind: string;
  /** Of the numbers of its networks; absent for kinds that have no such parameter. */
  readonly precision?: string;
}

/** How long work took on a machine. */
export interface Measurement extends Pace {
  readonly machine: MachineKind;
  /** Whose clock it was: a record's host. */
  readonly host: string;
  /** Multiplications, each with an addition. */
  readonly multiplyAdds: number;
  /** Of all that worked on it, added up. */
  readonly seconds: number;
  /** ISO 8601 with +00:00. */
  readonly endedAt: string;
  /** Measured for this estimate, and not of a finished action. */
  readonly probed?: true;
}

/**
 * What a time was estimated by: measurements of the same kind, probes of it, measurements of other kinds on the same machine, or an
 * assumed rate.
 */
export interface Basis {
  readonly from: 'records' | 'probe' | 'other kinds' | 'nominal';
  /** How many measurements; 0 for an assumed rate. */
  readonly count: number;
}

/** `5 records`, `probe`, `other kinds`, `nominal` */
export const basisText = ({ from, count }: Basis): string => (from === 'records' ? plural(count, 'record') : from);

export interface Rate {
  readonly operationsPerSecond: number;
  readonly by: Basis;
}

/** As many of the latest measurements of a kind count: machines and code change. */
const latestCount = 5;

export const paceOf = ({ kind, params }: { readonly kind: string; readonly params: JsonObject }): Pace => ({
  kind,
  ...(typeof params.precision === 'string' && { precision: params.precision }),
});

/**
 * What the record of a finished action says of the machine's speed.
 *
 * @param shards records of its shards
 * @param multiplyAdds of the whole action
 * @returns undefined where it says nothing: no work, no time, shards whose records are gone, or machines of several kinds
 */
export const measurementOf = (
  record: ActionRecord,
  shards: readonly ActionRecord[],
  multiplyAdds: number,
): Measurement | undefined => {
  if (shards.length < (record.parts?.length ?? 0)) return undefined;
  const records = [record, ...shards];
  const machines = new Map(records.map(({ machine }) => machineKindOf(machine)).map((each) => [each.name, each]));
  const [machine] = machines.values();
  const seconds = records.reduce((sum, { spent }) => sum + spent.wallSeconds, 0);
  const done = multiplyAdds * shareOfLast(record);
  if (machines.size !== 1 || !machine || seconds <= 0 || done <= 0) return undefined;
  const { endedAt, action } = record;
  return { ...paceOf(action), machine, host: record.machine.host, multiplyAdds: done, seconds, endedAt };
};

/** A record has the time of the last attempt, which may have resumed from a checkpoint: the share of the steps that it did. */
const shareOfLast = ({ attempts }: ActionRecord): number => {
  const { fromStep = 0, toStep = 0 } = attempts.at(-1) ?? {};
  return toStep > 0 ? (toStep - fromStep) / toStep : 1;
};

/**
 * How fast a machine does actions of a kind and precision: the median of the latest measurements of them, or else what its other
 * measurements come to together.
 *
 * @param measured on this machine alone
 * @returns undefined where nothing was measured there
 */
export const rateOf = ({ kind, precision }: Pace, measured: readonly Measurement[]): Rate | undefined => {
  const same = measured.filter((each) => each.kind === kind && each.precision === precision);
  const latest = same.sort((a, b) => (a.endedAt < b.endedAt ? 1 : -1)).slice(0, latestCount);
  if (latest.length > 0) {
    const from = latest.every(({ probed }) => probed) ? 'probe' : 'records';
    const rates = latest.map(({ multiplyAdds, seconds }) => operations(multiplyAdds) / seconds);
    return { operationsPerSecond: median(rates), by: { from, count: latest.length } };
  }
  if (measured.length === 0) return undefined;
  const all = (of: (each: Measurement) => number): number => measured.reduce((sum, each) => sum + of(each), 0);
  const operationsPerSecond = operations(all(({ multiplyAdds }) => multiplyAdds)) / all(({ seconds }) => seconds);
  return { operationsPerSecond, by: { from: 'other kinds', count: measured.length } };
};

/** Each multiplication has an addition. */
export const operations = (multiplyAdds: number): number => 2 * multiplyAdds;

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle - 0.5)] as number) + (sorted[Math.floor(middle)] as number)) / 2;
};

/** Kinds of machines that were measured, those of this host first, then those that were measured last. */
export const machinesIn = (measured: readonly Measurement[], host: string): MachineKind[] => {
  const latestFirst = [...measured].sort((a, b) => (a.endedAt < b.endedAt ? 1 : -1));
  const inOrder = [...latestFirst.filter((each) => each.host === host), ...latestFirst];
  return [...new Map(inOrder.map(({ machine }) => [machine.name, machine])).values()];
};
