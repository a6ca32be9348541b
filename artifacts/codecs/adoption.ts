import { type AdoptedKind, type AdoptionStatement, adoptionFile } from '../../core/adoption.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { canonicalJson } from '../../core/canonical.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { ArtifactStore } from '../../core/stage.ts';
import { type Artifact, type ArtifactReader, defineCodec, readJsonFields } from '../codec.ts';
import type { Fields } from '../fields.ts';

/** A statement that results made by older code count under newer code, with the replays that show it: `adoption.json`. */
export interface AdoptionMeta {
  /** Id of the run whose results were adopted. */
  readonly run: string;
}

export const adoptionCodec = defineCodec<AdoptionMeta>({
  type: 'adoption',
  versions: [(fields) => ({ run: fields.string('run') })],
});

/** Stores a statement as an artifact. */
export const putStatement = async (
  store: Pick<ArtifactStore, 'putFile' | 'putArtifact'>,
  statement: AdoptionStatement,
): Promise<ArtifactRef> => {
  const bytes = Buffer.from(canonicalJson(statement as unknown as JsonObject));
  const file = await store.putFile(adoptionFile, bytes, 'application/json');
  return adoptionCodec.write(store, { run: statement.run }, [file]);
};

/** @throws CemiflowError `ArtifactInvalid`, and the store's for what is damaged or missing */
export const readStatement = async (store: ArtifactReader, ref: ArtifactRef): Promise<AdoptionStatement> =>
  statementIn(await adoptionCodec.read(store, ref), store);

const statementIn = async (artifact: Artifact<AdoptionMeta>, store: ArtifactReader): Promise<AdoptionStatement> => {
  const fields = await readJsonFields(store, artifact, adoptionFile);
  if (fields.integer('format') !== 1) throw fields.fault('format', '1');
  if (fields.string('run') !== artifact.meta.run)
    throw fields.fault('run', `${artifact.meta.run}, as its manifest says`);
  const by = fields.object('by');
  const commit = fields.optional('commit', (each) => each.string('commit'));
  return {
    ...{ format: 1, run: fields.string('run'), at: fields.string('at'), seed: fields.integer('seed') },
    by: { host: by.string('host'), user: by.string('user') },
    ...(commit !== undefined && { commit }),
    kinds: fields.map('kinds', kindIn),
  };
};

const kindIn = (fields: Fields): AdoptedKind => ({
  ...{ before: fields.digest('before'), now: fields.digest('now'), actions: fields.integer('actions') },
  replayed: fields.list('replayed', (piece) => ({
    ...{ name: piece.string('name'), key: piece.digest('key'), work: piece.digest('work') },
    ...{ verdict: piece.oneOf('verdict', ['same']), seconds: piece.number('seconds', { from: 0 }) },
  })),
});
