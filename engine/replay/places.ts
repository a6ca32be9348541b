import { resolve } from 'node:path';
import type { ActionRecord } from '../../core/action.ts';
import { isAddress } from '../../core/address.ts';
import { type Digest, isDigest } from '../../core/digest.ts';
import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import { codeDigest } from '../../foreign/code.ts';
import { contentDigest } from '../../formats/content.ts';
import type { Store } from '../../store/index.ts';

/** Where folders may lie that recorded actions have read: records say what was in them, not where they were. */
export interface KnownFolders {
  /** Absolute paths, by the digest of the content that was read there. */
  readonly byContent: { readonly [content: string]: readonly string[] };
  /** Paths as specs name them are looked up from this folder too. */
  readonly from: string;
}

/** The folders that the runs of a store have read on this machine. @param from where the command was called */
export const knownFolders = async (store: Pick<Store, 'listRuns'>, from: string): Promise<KnownFolders> => {
  const byContent: { [content: string]: string[] } = {};
  for (const { places } of await store.listRuns())
    for (const [content, path] of Object.entries(places?.folders ?? {}))
      byContent[content] = [...new Set([...(byContent[content] ?? []), path])];
  return { byContent, from };
};

/**
 * Where the folders of an action lie now: each with the content that is in its key.
 *
 * @throws CemiflowError `PlaceUnknown` where no folder has that content
 */
export const findPlaces = async (
  { action, written = {} }: ActionRecord,
  { byContent, from }: KnownFolders,
  store: Pick<Store, 'getArtifact'>,
): Promise<{ readonly [param: string]: string }> => {
  const content = String((action.params as JsonObject).content ?? '');
  // Code is kept, so that it runs where its folder is no more.
  if (isDigest(content) && (await isKept(content, store))) return {};
  const found: { [param: string]: string } = {};
  for (const [param, path] of Object.entries(written)) {
    const candidates = [...(byContent[content] ?? []), isAddress(path) ? path : resolve(from, path)];
    const place = await firstWith(content, candidates);
    if (place === undefined)
      throw new CemiflowError('PlaceUnknown', `no folder with the files that were read as ${path} is known here`, {
        remedy: `call the command in the folder that ${path} starts from, with the files as they were`,
        data: { param, written: path, content, candidates },
      });
    found[param] = place;
  }
  return found;
};

const isKept = (content: Digest, store: Pick<Store, 'getArtifact'>): Promise<boolean> =>
  store.getArtifact({ type: 'files', digest: content }).then(
    () => true,
    (error) => {
      if (!(error instanceof CemiflowError) || error.retryable) throw error;
      return false;
    },
  );

const firstWith = async (content: string, candidates: readonly string[]): Promise<string | undefined> => {
  for (const path of candidates) {
    for (const digestOf of [contentDigest, codeDigest]) {
      const digest = await digestOf(path).catch((error) => {
        if (!(error instanceof CemiflowError)) throw error;
      });
      if (digest === content) return path;
    }
  }
  return undefined;
};
