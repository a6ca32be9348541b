import type { FileEntry } from '../../../core/artifact.ts';
import { type Digest, digestOf, hexOf } from '../../../core/digest.ts';
import { artifactId, type Entity, encodingOf, to, uriOf } from '../entity.ts';
import type { Held, Holdings } from '../held.ts';
import type { Parameters } from './parameters.ts';

/** Where a file lies in the crate; undefined where it was left out. */
export type Place = (digest: Digest) => string | undefined;

/** A file that is written for people, and not as a file of an artifact. */
export interface Text {
  readonly path: string;
  readonly text: string;
  readonly mediaType: string;
  readonly name: string;
}

/** @param more further properties */
export const textEntity = ({ path, text, mediaType, name }: Text, more: Partial<Entity> = {}): Entity => ({
  ...{ '@id': uriOf(path), '@type': 'File', name, encodingFormat: encodingOf(mediaType) },
  ...{ contentSize: `${Buffer.byteLength(text)}`, sha256: hexOf(digestOf(text)) },
  ...(more as object),
});

/** Artifacts as collections, and their files, each once. */
export const dataOf = (
  { artifacts, loose }: Holdings,
  place: Place,
  parameters: Parameters,
): { readonly collections: readonly Entity[]; readonly files: readonly Entity[] } => {
  const files = new Map<Digest, Entity>();
  const add = (file: FileEntry, name: string): void => {
    if (!files.has(file.digest)) files.set(file.digest, fileEntity(file, name, place));
  };
  for (const { manifest, name } of artifacts) for (const file of manifest.files) add(file, `${name}, ${file.path}`);
  for (const file of loose) add(file, 'changes that were in no commit');
  const idOf = (digest: Digest): string => files.get(digest)?.['@id'] as string;
  return {
    collections: artifacts
      .filter(({ manifest }) => manifest.files.length > 0)
      .map((each) => collection(each, idOf, parameters)),
    files: [...files.values()],
  };
};

const collection = (
  { ref, manifest, name }: Held,
  idOf: (digest: Digest) => string,
  parameters: Parameters,
): Entity => {
  const ids = [...new Set(manifest.files.map(({ digest }) => idOf(digest)))];
  const examples = parameters.examplesOf(ref.digest);
  return {
    ...{ '@id': artifactId(ref.digest), '@type': 'Collection', name, additionalType: ref.type, identifier: ref.digest },
    ...{ mainEntity: to(ids[0] as string), hasPart: ids.map(to) },
    ...(examples.length > 0 ? { exampleOfWork: examples } : {}),
  };
};

const fileEntity = ({ digest, bytes, mediaType }: FileEntry, name: string, place: Place): Entity => {
  const path = place(digest);
  const facts = { name, encodingFormat: encodingOf(mediaType), contentSize: `${bytes}`, sha256: hexOf(digest) };
  if (path !== undefined) return { '@id': uriOf(path), '@type': 'File', ...facts };
  const description = 'Left out of this crate.';
  return { '@id': `#left-out-${hexOf(digest)}`, '@type': 'CreativeWork', ...facts, description };
};
