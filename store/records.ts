import { type ActionKey, type ActionRecord, sameOutputs } from '../core/action.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import { lanes, mapBounded } from '../core/bounded.ts';
import { type Digest, hexOf } from '../core/digest.ts';
import { CemiflowError } from '../core/errors.ts';
import type { Artifacts } from './artifacts.ts';
import { hash } from './hash.ts';
import { Lookup, type LookupOptions } from './lookup.ts';
import { getReadable, type ObjectStore } from './objects.ts';
import { isOwnKey, type Pointer, pointerIn, pointerKey, standsOn, statementsOf, toJson } from './pointer.ts';
import type { Sweeps } from './sweep.ts';

/** What became of a record that was put. */
export interface PutRecordResult {
  /** The record that look-ups of this key give: the first one whose outputs are there. */
  readonly record: ActionRecord;
  readonly digest: Digest;
  /** Whether this record's outputs differ from those of another under the same key. Both are kept. */
  readonly nonReproducible: boolean;
}

/** How an object was found. */
export type Condition = 'sound' | 'missing' | 'corrupt' | 'other';

/**
 * Action records under `actions/<key>/`: each under its own digest, append-only, and the pointer `record` to the one that
 * counts. The pointer is won by the first and moves only when the outputs that it leads to are lost, or
 * the statements that adopted them.
 */
export class Records {
  readonly #objects: ObjectStore;
  readonly #artifacts: Artifacts;
  readonly #sweeps: Sweeps;

  constructor(objects: ObjectStore, artifacts: Artifacts, sweeps: Sweeps) {
    this.#objects = objects;
    this.#artifacts = artifacts;
    this.#sweeps = sweeps;
  }

  /**
   * @param since the generation (`Sweeps.settled`) before anything of the outputs was put; default now
   * @param counts whether a record that is there with the same outputs still counts; default yes
   * @throws CemiflowError `RecordInvalid` where the key is not the action's own; `SweptAway`, retryable, where a gc has taken
   * something of the outputs away meanwhile
   */
  async put(
    record: ActionRecord,
    since?: number,
    counts: (first: ActionRecord) => Promise<boolean> = async () => true,
  ): Promise<PutRecordResult> {
    const generation = since ?? (await this.#sweeps.settled());
    const put = await this.#put(record, counts);
    if ((await this.#sweeps.unswept(generation)) || (await this.#standsOnAll(put.record))) return put;
    throw new CemiflowError('SweptAway', `a gc has removed outputs of ${record.key} before they had a record`, {
      remedy: 'it is made again; leave --grace of gc at its default beside running experiments',
      data: { key: record.key },
      retryable: true,
    });
  }

  async #put(record: ActionRecord, counts: (first: ActionRecord) => Promise<boolean>): Promise<PutRecordResult> {
    if (!isOwnKey(record)) {
      throw new CemiflowError('RecordInvalid', `a record's key must be its action's, got ${record.key}`, {
        remedy: 'take the key from actionKey(action)',
        data: { key: record.key },
      });
    }
    const bytes = toJson(record);
    const digest = hash(bytes);
    await this.#objects.put(recordKey(record.key, digest), bytes, { ...json, digest });
    const pointer = toJson({ digest, record });
    if ((await this.#objects.put(pointerKey(record.key), pointer, json)) === 'written') {
      return { record, digest, nonReproducible: false };
    }
    const first = await this.#pointer(record.key);
    const nonReproducible = first !== undefined && !sameOutputs(first.record.outputs, record.outputs);
    const stays =
      first &&
      (nonReproducible
        ? await this.#isWhole(first.record)
        : (await this.#isStated(first.record)) && (await counts(first.record)));
    if (stays) return { ...first, nonReproducible };
    await this.#objects.put(pointerKey(record.key), pointer, { ...json, overwrite: true });
    return { record, digest, nonReproducible };
  }

  /** The record that counts, whether or not its outputs are still there. */
  async get(key: ActionKey): Promise<ActionRecord | undefined> {
    return (await this.#pointer(key))?.record;
  }

  /** All records of a key, oldest first: more than one where an action was done again. */
  async list(key: ActionKey): Promise<ActionRecord[]> {
    const found = await this.#objects.list(`actions/${hexOf(key)}/`);
    const names = found.filter((name) => /\/[0-9a-f]{64}$/.test(name));
    const records = await mapBounded(names, lanes, async (name) => {
      const bytes = await getReadable(this.#objects, name);
      return bytes && hash(bytes) === `sha256:${name.slice(-64)}`
        ? (JSON.parse(bytes.toString()) as ActionRecord)
        : undefined;
    });
    return records.filter((record) => record !== undefined).sort((a, b) => (a.endedAt < b.endedAt ? -1 : 1));
  }

  /**
   * Reads a record and the pointer of its key again.
   *
   * @returns how each of the two is: `missing`, `corrupt`, or for a pointer that names another record, `other`
   */
  async inspect(key: ActionKey, digest: Digest): Promise<{ readonly record: Condition; readonly pointer: Condition }> {
    const [bytes, taken] = await Promise.all([
      getReadable(this.#objects, recordKey(key, digest)),
      this.#objects.has(recordKey(key, digest)),
    ]);
    const record = bytes && hash(bytes) === digest ? 'sound' : taken ? 'corrupt' : 'missing';
    const pointer = await this.#pointer(key);
    if (pointer) return { record, pointer: pointer.digest === digest ? 'sound' : 'other' };
    return { record, pointer: (await this.#objects.has(pointerKey(key))) ? 'corrupt' : 'missing' };
  }

  /**
   * Puts the pointer of a key to the oldest of its records whose outputs are there, or else to the oldest.
   *
   * @returns whether there was a sound record to point to
   */
  async repoint(key: ActionKey): Promise<boolean> {
    const records = await this.list(key);
    const whole = await mapBounded(records, lanes, (record) => this.#isWhole(record));
    const record = records[Math.max(0, whole.indexOf(true))];
    if (!record) return false;
    const pointer = toJson({ digest: hash(toJson(record)), record });
    await this.#objects.put(pointerKey(key), pointer, { ...json, overwrite: true });
    return true;
  }

  /** Writes a record in the place of a damaged one. @param digest its own */
  async restore(record: ActionRecord, digest: Digest): Promise<void> {
    await this.#objects.put(recordKey(record.key, digest), toJson(record), { ...json, digest, overwrite: true });
  }

  /** Begins to look finished actions up. */
  lookup(options: LookupOptions = {}): Lookup {
    return new Lookup(this.#objects, this.#artifacts, options);
  }

  /** The pointer, unless it is missing, damaged or about another key. */
  async #pointer(key: ActionKey): Promise<Pointer | undefined> {
    const bytes = await getReadable(this.#objects, pointerKey(key));
    return bytes && pointerIn(bytes, key);
  }

  /** Whether the record is a hit. */
  #isWhole(record: ActionRecord): Promise<boolean> {
    return this.#areWhole(standsOn(record));
  }

  /** Whether the statements that let it count are there. */
  #isStated(record: ActionRecord): Promise<boolean> {
    return this.#areWhole(statementsOf(record));
  }

  async #areWhole(refs: readonly ArtifactRef[]): Promise<boolean> {
    return (await Promise.all(refs.map((ref) => this.#artifacts.isWhole(ref)))).every(Boolean);
  }

  /** Whether it is a hit, and its source is there too. */
  async #standsOnAll(record: ActionRecord): Promise<boolean> {
    const { code, lock, uncommitted } = record.source;
    const loose = [lock, uncommitted, record.log].map(
      (digest) => digest === undefined || this.#artifacts.hasBlob(digest),
    );
    const all = [this.#isWhole(record), this.#artifacts.isWhole(code), ...loose];
    return (await Promise.all(all)).every(Boolean);
  }
}

const json = { mediaType: 'application/json' };
export const recordKey = (key: ActionKey, digest: Digest): string => `actions/${hexOf(key)}/${hexOf(digest)}`;
