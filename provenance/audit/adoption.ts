import type { ActionRecord } from '../../core/action.ts';
import type { AdoptionStatement } from '../../core/adoption.ts';
import { artifactRefsIn } from '../../core/artifact.ts';
import { canonicalJson } from '../../core/canonical.ts';
import { type Digest, shortDigest } from '../../core/digest.ts';
import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import { wholeKind } from '../../core/stage.ts';
import { readStatement } from '../../engine/adopt/statement.ts';
import type { Reading } from '../reading.ts';
import { namesOf } from './links.ts';
import type { Ledger, Problem } from './result.ts';

/** Results of old code count only where statements lead from that code to the one in the key, each with what was done again. */
export const checkAdoptions = async (lineage: Lineage, store: Reading, ledger: Ledger): Promise<void> => {
  const names = namesOf(lineage);
  const known = new Map<Digest, Promise<AdoptionStatement>>();
  const read = (ref: NonNullable<ActionRecord['adopted']>['statements'][number]): Promise<AdoptionStatement> => {
    const reading = known.get(ref.digest) ?? readStatement(store, ref);
    known.set(ref.digest, reading);
    return reading;
  };
  for (const record of lineage.records.values()) {
    if (!record.adopted) continue;
    const where = names.get(record.key) ?? shortDigest(record.key);
    const note = (fault: Problem['fault'], message: string | undefined): void =>
      ledger.note('adoptions checked', message === undefined ? undefined : { fault, where, message });
    try {
      note('corrupt', flawOf(record, await Promise.all(record.adopted.statements.map(read))));
    } catch (error) {
      if (!(error instanceof CemiflowError) || error.retryable) throw error;
      note('not verifiable', `why it was adopted cannot be read: ${error.message}`);
    }
  }
};

/** What is wrong with an adoption, if anything. */
const flawOf = ({ action, adopted }: ActionRecord, statements: readonly AdoptionStatement[]): string | undefined => {
  const old = (adopted as NonNullable<ActionRecord['adopted']>).action;
  if (old.kind !== action.kind || old.seed !== action.seed || inputs(old) !== inputs(action))
    return 'it was adopted from an action of another kind, with another seed or other inputs';
  const kind = wholeKind(action.kind);
  let code = old.code;
  for (const { kinds } of statements) {
    const proven = kinds[kind];
    if (proven?.before !== code) return `no statement leads from the code ${shortDigest(code)} to the next`;
    if (proven.replayed.length === 0 || proven.replayed.some(({ verdict }) => verdict !== 'same'))
      return `a statement adopts ${kind} without a piece that came out the same`;
    code = proven.now;
  }
  if (code === action.code) return undefined;
  return `its statements lead to the code ${shortDigest(code)}, its key has ${shortDigest(action.code)}`;
};

const inputs = ({ params }: ActionRecord['action']): string =>
  canonicalJson(artifactRefsIn(params) as unknown as JsonObject[]);
