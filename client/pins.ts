import type { ArtifactRef } from '../core/artifact.ts';
import type { Digest } from '../core/digest.ts';
import { CemiflowError } from '../core/errors.ts';
import { isoTime } from '../core/time.ts';
import type { Pin, Store } from '../store/index.ts';
import { namedArtifact } from './artifacts.ts';
import type { Caller } from './caller.ts';
import { connectStore } from './connect.ts';

export const listPins = async (caller: Caller): Promise<Pin[]> => (await connectStore(caller)).pins.list();

/**
 * Keeps an artifact, or all that a run depends on, whatever becomes of the runs.
 *
 * @param name a digest, `RUN:NODE` or a run
 * @param because why, for those who come later; by default as it was
 */
export const pin = async (name: string, because: string | undefined, caller: Caller): Promise<ArtifactRef> => {
  const store = await connectStore(caller);
  const since = await store.sweeps.settled();
  const ref = await namedArtifact(store, name);
  const pins = await store.pins.list().catch((error) => {
    // Pinning again mends a damaged pin.
    if (error.code !== 'PinCorrupt') throw error;
    return [];
  });
  const before = pins.find((each) => each.ref.digest === ref.digest);
  await store.pins.put({ ref, name, because: because ?? before?.because ?? '', at: isoTime(new Date()) });
  // A gc may have listed the pins before this one was there, and have removed the artifact.
  if (!(await store.sweeps.unswept(since))) await mustBeWhole(store, ref, name);
  return ref;
};

const mustBeWhole = async (store: Store, ref: ArtifactRef, name: string): Promise<void> => {
  if (await store.isWhole(ref)) return;
  await store.pins.remove(ref.digest);
  throw new CemiflowError('SweptAway', `a gc has removed ${name} while it was pinned`, {
    remedy: 'run its experiment again, then pin it',
    data: { digest: ref.digest },
  });
};

/** Removes a pin. @returns whether there was one @throws CemiflowError `UnknownPin` */
export const unpin = async (
  name: string,
  caller: Caller,
): Promise<{ readonly digest: Digest; readonly unpinned: boolean }> => {
  const store = await connectStore(caller);
  const named = (await store.pins.list()).filter((each) => each.name === name || each.ref.digest === name);
  if (named.length > 1)
    throw new CemiflowError('UnknownPin', `${name} names ${named.length} pins`, {
      remedy: `name one of ${named.map(({ ref }) => ref.digest).join(', ')}`,
      data: { name },
    });
  const digest = named[0]?.ref.digest ?? (await namedArtifact(store, name)).digest;
  return { digest, unpinned: await store.pins.remove(digest) };
};
