import type { ActionKey } from '../../core/action.ts';
import { mapBounded } from '../../core/bounded.ts';
import type { Checkpoint, CheckpointArray } from '../../core/checkpoint.ts';
import { type Digest, hexOf } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import { isoTime } from '../../core/time.ts';
import { contentOf, putDocument } from '../documents.ts';
import { hash } from '../hash.ts';
import { maxObjectBytes, type ObjectStore } from '../objects.ts';
import { type ActionState, checkpointDigest, type StoredArrays, type StoredCheckpoint } from './state.ts';

export type { ActionState, OpenAttempt, StoredArrays, StoredCheckpoint } from './state.ts';

/** What one attempt wants to have written. */
export interface SaveJob {
  readonly key: ActionKey;
  /** Id of the attempt. */
  readonly owner: string;
  readonly checkpoint: Checkpoint;
}

/** Writes checkpoints: in this thread, or in a separate one. */
export interface CheckpointWriter {
  /** @returns nothing where a later attempt has taken the action over: what is there is left alone */
  save(job: SaveJob): Promise<StoredCheckpoint | undefined>;
}

/** Checkpoints of an action that are kept: should the last one be damaged, there is one before it. */
const keptCheckpoints = 2;
/** Parts on their way at a time. */
const partLanes = 4;

/**
 * Resumable state of actions under way, `checkpoints/<key>/…`: parts under their digest, and one `state` that names them.
 * A checkpoint counts once the state names it, so that none is ever seen in part. Not content-addressed across actions:
 * all of an action's state goes when the action has ended.
 */
export class Checkpoints implements CheckpointWriter {
  readonly #objects: ObjectStore;

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  /** @throws CemiflowError `CheckpointDamaged` */
  async read(key: ActionKey): Promise<ActionState | undefined> {
    const bytes = await this.#objects.get(stateKey(key)).catch((error) => {
      if (error.code !== 'ObjectUnreadable') throw error;
      throw damaged('has a state that the server cannot read', key, error);
    });
    if (!bytes) return undefined;
    const state = contentOf<ActionState>(bytes);
    if (state?.key === key) return state;
    throw damaged('has a state that is not its own', key);
  }

  /** Replaces the state. Only its owner may; see `change`. */
  async write(state: ActionState): Promise<void> {
    await putDocument(this.#objects, stateKey(state.key), state);
  }

  /** Changes the state, if it still belongs to this attempt. @returns the new state, or nothing where it does not */
  async change(
    key: ActionKey,
    owner: string,
    change: (state: ActionState) => ActionState,
  ): Promise<ActionState | undefined> {
    const state = await this.read(key);
    if (state?.owner !== owner) return undefined;
    const next = change(state);
    await this.write(next);
    return next;
  }

  /** Writes all parts, and then the state that names them; what no checkpoint needs any more is removed. */
  async save({ key, owner, checkpoint }: SaveJob): Promise<StoredCheckpoint | undefined> {
    // Before the upload: an attempt that was taken over has nothing to add, and may be late by hours.
    if ((await this.read(key))?.owner !== owner) return undefined;
    const { step, notes, arrays } = checkpoint;
    const made = { step, notes, content: await this.putArrays(key, arrays), at: isoTime(new Date()) };
    const stored = { ...made, digest: checkpointDigest(made) };
    const next = await this.change(key, owner, (state) => ({
      ...state,
      checkpoints: [stored, ...(state.keepAll ? state.checkpoints : state.checkpoints.slice(0, keptCheckpoints - 1))],
      attempts: state.attempts.map((a) => (a.id === owner ? { ...a, toStep: step, checkpointedAt: made.at } : a)),
    }));
    if (!next) return undefined;
    await this.sweep(next);
    return stored;
  }

  /**
   * Removes the parts that a state does not name: of checkpoints before the last two, and of uploads that came to no end. For
   * the owner alone, while it uploads nothing: others may be about to name theirs.
   */
  async sweep({ key, checkpoints, kept }: ActionState): Promise<void> {
    const named = [...checkpoints.map(({ content }) => content), ...Object.values(kept)];
    const needed = new Set(named.flatMap(({ parts }) => parts).map((part) => partKey(key, part)));
    const there = await this.#objects.list(`${folder(key)}/parts/`);
    const gone = there.filter((name) => !needed.has(name));
    await mapBounded(gone, partLanes, (name) => this.#objects.remove(name));
  }

  /** @throws CemiflowError `CheckpointDamaged` */
  async load(key: ActionKey, stored: StoredCheckpoint): Promise<Checkpoint> {
    if (checkpointDigest(stored) !== stored.digest) throw damaged(`of step ${stored.step}: its entry was changed`, key);
    const arrays = await this.getArrays(key, stored.content);
    return { step: stored.step, arrays, notes: stored.notes };
  }

  async putArrays(key: ActionKey, arrays: Checkpoint['arrays']): Promise<StoredArrays> {
    const views = Object.values(arrays).map(({ data }) => bytesOf(data));
    const total = views.reduce((sum, { length }) => sum + length, 0);
    const starts = Array.from({ length: Math.ceil(total / maxObjectBytes) }, (_, i) => i * maxObjectBytes);
    const parts = await mapBounded(starts, partLanes, async (from) => {
      const bytes = gather(views, from, Math.min(total, from + maxObjectBytes));
      const digest = hash(bytes);
      await this.#objects.put(partKey(key, digest), bytes, { digest, overwrite: true });
      return digest;
    });
    return { arrays: Object.entries(arrays).map(([name, { dtype, shape }]) => ({ name, dtype, shape })), parts };
  }

  /** @throws CemiflowError `CheckpointDamaged` where a part is missing or was changed */
  async getArrays(key: ActionKey, { arrays, parts }: StoredArrays): Promise<Checkpoint['arrays']> {
    const made = arrays.map(({ name, dtype, shape }): [string, CheckpointArray] => {
      const length = shape.reduce((product, n) => product * n, 1);
      return [name, { dtype, shape, data: dtype === 'float32' ? new Float32Array(length) : new Int32Array(length) }];
    });
    const views = made.map(([, { data }]) => bytesOf(data));
    let at = 0;
    for (const part of parts) at += scatter(await this.#part(key, part), views, at);
    const total = views.reduce((sum, { length }) => sum + length, 0);
    if (at !== total) throw damaged(`holds ${at} bytes, its shapes need ${total}`, key);
    return Object.fromEntries(made);
  }

  async #part(key: ActionKey, part: Digest): Promise<Buffer> {
    const found = await this.#objects.getHashed(partKey(key, part)).catch((error) => {
      if (error.code !== 'ObjectUnreadable') throw error;
      throw damaged(`has a part that the server cannot read`, key, error);
    });
    if (!found) throw damaged('lacks a part', key);
    if (found.digest !== part) throw damaged(`has a part that hashed to ${found.digest}, not ${part}`, key);
    return found.bytes;
  }

  /** Whether all that the state names is there and sound; true where there is no state. */
  async isSound(key: ActionKey): Promise<boolean> {
    const state = await this.read(key).catch(damage);
    if (state === isDamaged) return false;
    for (const stored of state?.checkpoints ?? [])
      if ((await this.load(key, stored).catch(damage)) === isDamaged) return false;
    for (const kept of Object.values(state?.kept ?? {}))
      if ((await this.getArrays(key, kept).catch(damage)) === isDamaged) return false;
    return true;
  }

  /** Forgets checkpoints that are damaged; where the state or arrays that every attempt needs are, all of it. */
  async dropDamaged(key: ActionKey): Promise<void> {
    const state = await this.read(key).catch(damage);
    const keptSound = async (each: ActionState): Promise<boolean> => {
      for (const kept of Object.values(each.kept))
        if ((await this.getArrays(key, kept).catch(damage)) === isDamaged) return false;
      return true;
    };
    if (state === undefined || state === isDamaged || !(await keptSound(state))) return this.remove(key);
    const checkpoints: StoredCheckpoint[] = [];
    for (const stored of state.checkpoints)
      if ((await this.load(key, stored).catch(damage)) !== isDamaged) checkpoints.push(stored);
    const next = { ...state, checkpoints };
    await this.write(next);
    await this.sweep(next);
  }

  /** Removes everything that an action left: it has ended. */
  async remove(key: ActionKey): Promise<void> {
    // The state first: what it names must not outlive its parts.
    await this.#objects.remove(stateKey(key));
    const left = await this.#objects.list(`${folder(key)}/`);
    await mapBounded(left, partLanes, (name) => this.#objects.remove(name));
  }
}

const isDamaged = Symbol('damaged');
/** @throws whatever is no damage */
const damage = (error: unknown): typeof isDamaged => {
  if (error instanceof CemiflowError && error.code === 'CheckpointDamaged') return isDamaged;
  throw error;
};

const folder = (key: ActionKey): string => `checkpoints/${hexOf(key)}`;
const stateKey = (key: ActionKey): string => `${folder(key)}/state`;
const partKey = (key: ActionKey, part: Digest): string => `${folder(key)}/parts/${hexOf(part)}`;

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);

/** Pairs of a view and the place in it that the bytes `from` … `to` of the whole stream fall on. */
const overlaps = (views: readonly Buffer[], from: number, to: number): { view: Buffer; at: number }[] => {
  const found: { view: Buffer; at: number }[] = [];
  let start = 0;
  for (const view of views) {
    const [first, last] = [Math.max(from, start), Math.min(to, start + view.length)];
    if (first < last) found.push({ view: view.subarray(first - start, last - start), at: first - from });
    start += view.length;
  }
  return found;
};

/** Bytes `from` … `to` of the stream that the views make. */
const gather = (views: readonly Buffer[], from: number, to: number): Buffer => {
  const bytes = Buffer.allocUnsafe(to - from);
  for (const { view, at } of overlaps(views, from, to)) view.copy(bytes, at);
  return bytes;
};

/** Writes bytes into the views from a place of their stream on. @returns how many there were */
const scatter = (bytes: Buffer, views: readonly Buffer[], from: number): number => {
  for (const { view, at } of overlaps(views, from, from + bytes.length)) bytes.copy(view, 0, at, at + view.length);
  return bytes.length;
};

const damaged = (how: string, key: ActionKey, cause?: unknown): CemiflowError =>
  new CemiflowError('CheckpointDamaged', `a checkpoint of ${key} ${how}`, {
    remedy: 'nothing: the one before it is taken, or the action starts again',
    data: { key },
    cause,
  });
