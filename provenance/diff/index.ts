import type { Lineage } from '../../core/lineage.ts';
import type { Reading } from '../reading.ts';
import { Causes, type Found } from './causes.ts';
import { codeDiff } from './code.ts';
import type { NumberDifference, RunDiff } from './difference.ts';
import { NodeComparison } from './nodes.ts';
import { comparedIds, differingNumbers, nodesBehind, type RunNumbers, readNumbers, reportNode } from './numbers.ts';

export type { Cause, NodeDifference, NumberDifference, RunDiff } from './difference.ts';

/**
 * What differs between two runs, each difference with its first causes: nodes are matched by their ids, and what differs only
 * because of its inputs is a consequence. Works for runs that have come to their end and for others.
 *
 * @param store of the artifacts that both runs name
 */
export const diffRuns = async (before: Lineage, now: Lineage, store: Reading): Promise<RunDiff> => {
  const { changes, unreadable } = await codeDiff(before, now, store);
  const causes = new Causes(changes);
  const comparison = new NodeComparison(before, now, causes);
  const nodes = comparison.differences();
  const [old, fresh] = [await readNumbers(before, store), await readNumbers(now, store)];
  const numbers = numberDifferences([before, now], [old, fresh], comparison, causes);
  const notes = [
    ...[old, fresh].flatMap(({ note }) => note ?? []),
    ...unreadable.map((kind) => `the source files of ${kind} are not compared: one of the runs' copies cannot be read`),
  ];
  return {
    before: sideOf(before),
    now: sideOf(now),
    equal: nodes.length === 0 && numbers.length === 0,
    causes: causes.all(),
    nodes,
    nodesCompared: comparison.ids.length,
    code: changes,
    numbers,
    numbersCompared: comparedIds(old, fresh).length,
    notes,
  };
};

const sideOf = ({ run, root }: Lineage): RunDiff['before'] => ({ run: run.id, ...(root && { root }) });

const numberDifferences = (
  [before, now]: readonly [Lineage, Lineage],
  [old, fresh]: readonly [RunNumbers, RunNumbers],
  comparison: NodeComparison,
  causes: Causes,
): NumberDifference[] =>
  differingNumbers(old, fresh).map((id) => {
    const [a, b] = [old.numbers.get(id), fresh.numbers.get(id)];
    const behind = [...nodesBehind(before, a), ...nodesBehind(now, b)];
    const found = [...new Set(behind.flatMap((node) => comparison.causesOf(node)))];
    const first = found.length > 0 ? found : causesInReport(comparison, reportNode(now));
    for (const cause of first) cause.numbers.push(id);
    return {
      id,
      what: (b ?? a)?.what ?? '',
      ...(a && { before: a.text }),
      ...(b && { now: b.text }),
      causes: causes.numbersOf(first),
    };
  });

/** What was read is the same: it is the report that prints it in another way. */
const causesInReport = (comparison: NodeComparison, report: string): Found[] => {
  const causes = [...new Set(comparison.causesOf(report))];
  const own = causes.filter(({ nodes }) => nodes.includes(report));
  return own.length > 0 ? own : causes;
};
