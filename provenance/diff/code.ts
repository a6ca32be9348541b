import type { ActionRecord } from '../../core/action.ts';
import { lanes, mapBounded } from '../../core/bounded.ts';
import type { Json } from '../../core/errors.ts';
import { type Lineage, madeNodes } from '../../core/lineage.ts';
import { lockFile } from '../../engine/source-files.ts';
import { type CodeChange, type CodeFiles, codeChange } from '../../spec/code-changes.ts';
import type { Reading } from '../reading.ts';

export interface CodeDiff {
  readonly changes: readonly CodeChange[];
  /** Kinds whose source files could not be read. */
  readonly unreadable: readonly string[];
}

/** Which source files differ, for each stage kind that both runs used; each record keeps those of its action. */
export const codeDiff = async (before: Lineage, now: Lineage, store: Reading): Promise<CodeDiff> => {
  const [old, fresh] = [recordsByKind(before), recordsByKind(now)];
  const kinds = [...old.keys()].filter((kind) => fresh.has(kind)).sort();
  const changes: CodeChange[] = [];
  const unreadable: string[] = [];
  await mapBounded(kinds, lanes, async (kind) => {
    const [a, b] = [old.get(kind) as ActionRecord, fresh.get(kind) as ActionRecord];
    const same = a.source.code.digest === b.source.code.digest && a.action.code === b.action.code;
    if (same) return;
    try {
      const change = codeChange(kind, await filesOf(a, store), await filesOf(b, store));
      if (change) changes.push(change);
    } catch {
      unreadable.push(kind);
    }
  });
  return { changes: changes.sort((a, b) => (a.kind < b.kind ? -1 : 1)), unreadable: unreadable.sort() };
};

/** All nodes of one kind in a run have the same code. */
const recordsByKind = (lineage: Lineage): Map<string, ActionRecord> =>
  new Map(madeNodes(lineage).map(({ node, record }) => [node.kind, record]));

/** The lock file lies beside the code, but the packages that the code uses are listed with their versions anyway. */
const filesOf = async ({ action, source }: ActionRecord, store: Reading): Promise<CodeFiles> => {
  const { files, meta } = await store.getArtifact(source.code);
  const own = files.filter(({ path }) => path !== lockFile);
  return {
    digest: action.code,
    files: Object.fromEntries(own.map(({ path, digest }) => [path, digest])),
    packages: ((meta.packages ?? []) as Json[]).map(String),
  };
};
