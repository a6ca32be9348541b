import { type ActionRecord, sameOutputs } from '../core/action.ts';
import type { Digest } from '../core/digest.ts';
import { CemiflowError } from '../core/errors.ts';
import { type CodeFiles, codeChange, tellCodeChange } from './code-changes.ts';
import type { SavedPlan } from './saved-plan.ts';

/** A reason why a saved plan can no longer be executed as it was shown. */
export interface PlanDifference {
  readonly what: 'code' | 'content' | 'outputs';
  /** The stage kind, the folder, or the node. */
  readonly name: string;
  /** What has become of it. */
  readonly text: string;
}

/** How many files are named for one stage kind. */
const shownFiles = 8;

/** @param now of the kinds whose digest is not the one that was saved; undefined for a kind that is gone */
export const codeDifferences = (
  { codes }: Pick<SavedPlan, 'codes'>,
  now: ReadonlyMap<string, CodeFiles | undefined>,
): PlanDifference[] =>
  [...now].flatMap(([kind, files]): PlanDifference[] => {
    const before = codes[kind];
    if (!files) return [{ what: 'code', name: kind, text: 'there is no such stage kind any more' }];
    const change = before && codeChange(kind, before, files);
    if (!change?.effective) return [];
    return [{ what: 'code', name: kind, text: tellCodeChange(change, shownFiles) }];
  });

/** @param now digests of the folders, or why one cannot be read */
export const contentDifferences = (
  { contents }: Pick<SavedPlan, 'contents'>,
  now: ReadonlyMap<string, Digest | CemiflowError>,
): PlanDifference[] =>
  Object.entries(contents).flatMap(([path, digest]): PlanDifference[] => {
    const found = now.get(path);
    if (found === digest) return [];
    const text = found instanceof CemiflowError ? found.message : 'files in it have changed';
    return [{ what: 'content', name: path, text }];
  });

/** Hits whose record now has other outputs than when the plan was saved. @param records of the hits, by node */
export const outputDifferences = (
  { status }: Pick<SavedPlan, 'status'>,
  records: ReadonlyMap<string, ActionRecord>,
): PlanDifference[] =>
  Object.entries(status).flatMap(([id, saved]): PlanDifference[] => {
    const record = records.get(id);
    if (saved.state !== 'hit' || record?.key !== saved.key) return [];
    if (sameOutputs(record.outputs, saved.outputs)) return [];
    return [{ what: 'outputs', name: id, text: 'the store has other outputs of it than it had' }];
  });

/** @param again the command that saves the plan again */
export const planStale = (name: string, again: string, differences: readonly PlanDifference[]): CemiflowError =>
  new CemiflowError('PlanStale', [`${name} cannot be executed as it was saved:`, ...linesOf(differences)].join('\n'), {
    remedy: `look at the changes; "${again}" plans with them`,
    data: { plan: name, differences: differences.map((each) => ({ ...each })) },
  });

/** Stage kinds whose code changed in the same files share a line. */
const linesOf = (differences: readonly PlanDifference[]): string[] => {
  const names = new Map<string, string[]>();
  for (const { what, name, text } of differences) {
    const line = JSON.stringify([what, text]);
    names.set(line, [...(names.get(line) ?? []), name]);
  }
  return [...names].map(([line, all]) => {
    const [what, text] = JSON.parse(line) as [PlanDifference['what'], string];
    return `  ${what === 'code' ? 'code of ' : ''}${all.join(', ')}: ${text}`;
  });
};
