import type { ArtifactRef } from '../core/artifact.ts';
import { lanes, mapBounded } from '../core/bounded.ts';
import { type Digest, hexOf } from '../core/digest.ts';
import { CemiflowError } from '../core/errors.ts';
import { contentOf, putDocument } from './documents.ts';
import type { ObjectStore } from './objects.ts';

/** An artifact that stays, whatever becomes of the runs that made it. */
export interface Pin {
  readonly ref: ArtifactRef;
  /** What it was called when it was pinned. */
  readonly name: string;
  readonly because: string;
  /** ISO 8601 with +00:00. */
  readonly at: string;
}

/** `pins/<digest>` */
export class Pins {
  readonly #objects: ObjectStore;

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  put(pin: Pin): Promise<void> {
    return putDocument(this.#objects, pinKey(pin.ref.digest), pin);
  }

  /** @returns whether there was one */
  async remove(digest: Digest): Promise<boolean> {
    const there = await this.#objects.has(pinKey(digest));
    await this.#objects.remove(pinKey(digest));
    return there;
  }

  /** @throws CemiflowError `PinCorrupt`: what cannot be read may still keep something */
  async list(): Promise<Pin[]> {
    const keys = await this.#objects.list('pins/');
    const pins = await mapBounded(keys, lanes, (key) => this.get(`sha256:${key.slice('pins/'.length)}`));
    return pins.filter((pin) => pin !== undefined);
  }

  /** @throws CemiflowError `PinCorrupt` */
  async get(digest: Digest): Promise<Pin | undefined> {
    const bytes = await this.#objects.get(pinKey(digest)).catch((error) => {
      throw error.code === 'ObjectUnreadable' ? corrupt(digest) : error;
    });
    const pin = bytes && contentOf<Pin>(bytes);
    if (bytes && !pin) throw corrupt(digest);
    return pin;
  }
}

const corrupt = (digest: Digest): CemiflowError =>
  new CemiflowError('PinCorrupt', `the pin ${pinKey(digest)} is damaged`, {
    remedy: `pin it again: cemiflow pin ${digest}`,
    data: { key: pinKey(digest) },
  });

export const pinKey = (digest: Digest): string => `pins/${hexOf(digest)}`;
