import { readStatement } from '../../artifacts/codecs/adoption.ts';
import { type ActionRecord, type Adopted, actionKey } from '../../core/action.ts';
import { type AdoptedPiece, type AdoptionStatement, differentWork, keyOfWork } from '../../core/adoption.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { shortDigest } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import { memo } from '../../core/memo.ts';
import { wholeKind } from '../../core/stage.ts';
import { loadStageSchemas } from '../../schemas/stage-schemas.ts';
import type { Store } from '../../store/index.ts';
import { namesOf } from './links.ts';
import type { Ledger, Problem } from './result.ts';

type AdoptionReader = Pick<Store, 'getArtifact' | 'getBlob' | 'getRecord'>;
type Flaw = Pick<Problem, 'fault' | 'message'>;
/** Whether a piece is an action that this run or another one in the store has. */
type IsKnown = (kind: string, piece: AdoptedPiece) => Promise<boolean>;

/** Results of old code count only where statements lead from that code to the one in the key, each with what was done again. */
export const checkAdoptions = async (lineage: Lineage, store: AdoptionReader, ledger: Ledger): Promise<void> => {
  const names = namesOf(lineage);
  const read = memo(
    (ref: ArtifactRef) => readStatement(store, ref),
    ({ digest }) => digest,
  );
  const here = new Set([...lineage.records.values()].map(workOf));
  const isKnown: IsKnown = async (kind, { key, work }) => {
    const wanted = `${kind} ${work}`;
    if (here.has(wanted)) return true;
    // A run that shares results with the one that was adopted may have none of its pieces.
    const others = await Promise.all([key, work].map((each) => store.getRecord(each)));
    return others.some((record) => record && workOf(record) === wanted);
  };
  for (const record of lineage.records.values()) {
    const { adopted } = record;
    if (!adopted) continue;
    const flaw = flawOfWork(record, adopted) ?? (await flawOfStatements(record, adopted, read, isKnown));
    const where = names.get(record.key) ?? shortDigest(record.key);
    ledger.note('adoptions checked', flaw && { ...flaw, where });
  }
};

/** The stage kind, and the key that the work was done under. */
const workOf = (record: ActionRecord): string => `${wholeKind(record.action.kind)} ${keyOfWork(record)}`;

/** Whether the work can have given what it is adopted as. */
const flawOfWork = ({ action, written }: ActionRecord, { key, action: old }: Adopted): Flaw | undefined => {
  const other = differentWork(action, old);
  if (other !== undefined) return corrupt(`it was adopted from an action with ${other}`);
  if (actionKey(old) === key) return undefined;
  const schema = loadStageSchemas().get(wholeKind(action.kind));
  if (written && !schema)
    return unverifiable(`its old key may have held a folder's path; this checkout has no ${action.kind}`);
  // Keys held the path of the folder once, which is left out of the action.
  const placed = Object.keys(written ?? {});
  if (schema?.contentOf !== undefined && placed.length === 1 && placed[0] === schema.contentOf) return undefined;
  return corrupt(`its work has the key ${shortDigest(actionKey(old))}, not ${shortDigest(key)}`);
};

/** Whether statements, each with pieces that were replayed, lead from the code of the work to the code in the key. */
const flawOfStatements = async (
  { action }: ActionRecord,
  { action: old, statements }: Adopted,
  read: (ref: ArtifactRef) => Promise<AdoptionStatement>,
  isKnown: IsKnown,
): Promise<Flaw | undefined> => {
  const kind = wholeKind(action.kind);
  if (statements.length === 0) return corrupt('no statement says why it was adopted');
  const unknown: Flaw[] = [];
  let code = old.code;
  try {
    for (const ref of statements) {
      const { run, kinds } = await read(ref);
      const proven = kinds[kind];
      if (proven?.before !== code) return corrupt(`no statement leads from the code ${shortDigest(code)} to the next`);
      if (proven.replayed.length === 0)
        return corrupt(`a statement adopts ${kind} without a piece that came out the same`);
      const known = await Promise.all(proven.replayed.map((piece) => isKnown(kind, piece)));
      if (!known.includes(true))
        unknown.push(unverifiable(`none of the pieces of ${run} that were replayed to adopt ${kind} is known here`));
      code = proven.now;
    }
  } catch (error) {
    if (!(error instanceof CemiflowError) || error.retryable) throw error;
    return unverifiable(`why it was adopted cannot be read: ${error.message}`);
  }
  if (code === action.code) return unknown[0];
  return corrupt(`its statements lead to the code ${shortDigest(code)}, its key has ${shortDigest(action.code)}`);
};

const corrupt = (message: string): Flaw => ({ fault: 'corrupt', message });
const unverifiable = (message: string): Flaw => ({ fault: 'not verifiable', message });
