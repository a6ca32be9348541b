import { hash } from './hash.ts';
import { checkKey, checkSize, type Described, type Hashed, type ObjectStore } from './objects.ts';

/** Objects of another store under those that were written here, which stay in memory: the other one is never changed. */
export class OverlayObjects implements ObjectStore {
  readonly #under: ObjectStore;
  readonly #written = new Map<string, Buffer | undefined>();
  readonly #writtenAtMs = Date.now();

  constructor(under: ObjectStore) {
    this.#under = under;
  }

  /** What lies under it counts as not there: it may be what is to be checked. */
  async put(key: string, bytes: Uint8Array, options: { overwrite?: boolean } = {}): Promise<'written' | 'present'> {
    checkKey(key);
    checkSize(bytes);
    if (this.#written.get(key) && !options.overwrite) return 'present';
    this.#written.set(key, Buffer.from(bytes));
    return 'written';
  }

  async get(key: string): Promise<Buffer | undefined> {
    return this.#written.has(key) ? this.#written.get(key) : this.#under.get(key);
  }

  async getHashed(key: string): Promise<Hashed | undefined> {
    const bytes = await this.get(key);
    return bytes && { bytes, digest: hash(bytes) };
  }

  async has(key: string): Promise<boolean> {
    return this.#written.has(key) ? this.#written.get(key) !== undefined : this.#under.has(key);
  }

  async list(prefix: string): Promise<string[]> {
    return (await this.describe(prefix)).map(({ key }) => key);
  }

  async describe(prefix: string): Promise<Described[]> {
    const found = new Map((await this.#under.describe(prefix)).map((each) => [each.key, each]));
    for (const [key, bytes] of this.#written) {
      if (bytes === undefined) found.delete(key);
      else if (key.startsWith(prefix)) found.set(key, { key, bytes: bytes.length, writtenAtMs: this.#writtenAtMs });
    }
    return [...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async *pages(prefix: string): AsyncIterable<readonly Described[]> {
    yield await this.describe(prefix);
  }

  async remove(key: string): Promise<void> {
    this.#written.set(key, undefined);
  }
}
