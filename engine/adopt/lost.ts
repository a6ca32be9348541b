import { readStatement } from '../../artifacts/codecs/adoption.ts';
import { type ActionRecord, actionKey } from '../../core/action.ts';
import type { AdoptionStatement } from '../../core/adoption.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { lanes, mapBounded } from '../../core/bounded.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import { memo } from '../../core/memo.ts';
import { wholeKind } from '../../core/stage.ts';
import type { Store } from '../../store/index.ts';

/** Undefined for a statement that is missing or damaged. */
export type Statements = (ref: ArtifactRef) => Promise<AdoptionStatement | undefined>;

/** Reads each statement once. */
export const statementsOf = (store: Pick<Store, 'getArtifact' | 'getBlob'>): Statements =>
  memo(
    (ref) =>
      readStatement(store, ref).catch((error) => {
        if (!(error instanceof CemiflowError) || error.retryable) throw error;
        return undefined;
      }),
    ({ digest }) => digest,
  );

/** Whether every statement behind a record can be read. */
export const isStated = async ({ adopted }: ActionRecord, statements: Statements): Promise<boolean> =>
  (await Promise.all((adopted?.statements ?? []).map(statements))).every((statement) => statement !== undefined);

/** The run with each record as it was before the first of its statements that cannot be read: from there on it is adopted anew. */
export const withoutLost = async (lineage: Lineage, statements: Statements): Promise<Lineage> => ({
  ...lineage,
  records: new Map(
    await mapBounded(
      [...lineage.records],
      lanes,
      async ([key, record]) => [key, await beforeLoss(record, statements)] as const,
    ),
  ),
});

const beforeLoss = async (record: ActionRecord, statements: Statements): Promise<ActionRecord> => {
  const { action, adopted } = record;
  let code = adopted?.action.code;
  for (const [i, ref] of (adopted?.statements ?? []).entries()) {
    const statement = await statements(ref);
    if (adopted && code && !statement) {
      const before = { ...action, code };
      const kept = { ...adopted, statements: adopted.statements.slice(0, i) };
      return { ...record, key: actionKey(before), action: before, adopted: kept };
    }
    code = statement?.kinds[wholeKind(action.kind)]?.now ?? code;
  }
  return record;
};
