import { adoptionCodec } from '../../artifacts/codecs/adoption.ts';
import { type AdoptionStatement, adoptionFile } from '../../core/adoption.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { canonicalJson } from '../../core/canonical.ts';
import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import type { Store } from '../../store/index.ts';

/** Keeps a statement as an artifact of type `adoption`. */
export const putStatement = async (
  store: Pick<Store, 'putFile' | 'putArtifact'>,
  statement: AdoptionStatement,
): Promise<ArtifactRef> => {
  const bytes = Buffer.from(canonicalJson(statement as unknown as JsonObject));
  const file = await store.putFile(adoptionFile, bytes, 'application/json');
  return adoptionCodec.write(store, { run: statement.run }, [file]);
};

/** @throws CemiflowError `AdoptionInvalid`, and the store's for what is damaged or missing */
export const readStatement = async (
  store: Pick<Store, 'getArtifact' | 'getBlob'>,
  ref: ArtifactRef,
): Promise<AdoptionStatement> => {
  const file = (await store.getArtifact(ref)).files.find(({ path }) => path === adoptionFile);
  if (!file) throw invalid(ref, `it has no ${adoptionFile}`);
  const statement = JSON.parse((await store.getBlob(file.digest)).toString()) as AdoptionStatement;
  if (statement.format === 1) return statement;
  throw invalid(ref, `it is of format ${statement.format}, this cemiflow reads 1`);
};

const invalid = ({ digest }: ArtifactRef, why: string): CemiflowError =>
  new CemiflowError('AdoptionInvalid', `the adoption ${digest} cannot be read: ${why}`, {
    remedy: 'read it with the cemiflow that wrote it',
    data: { digest },
  });
