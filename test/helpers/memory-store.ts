import { createHash } from 'node:crypto';
import { hash } from '../../store/hash.ts';
import { Store } from '../../store/index.ts';
import { checkKey, checkSize, type Described, type Hashed, type ObjectStore } from '../../store/objects.ts';

/** Objects in memory. `map` is there for tests that damage what lies in it. */
export class MemoryObjects implements ObjectStore {
  readonly map = new Map<string, Buffer>();
  readonly #writtenAtMs = new Map<string, number>();

  async put(key: string, bytes: Uint8Array, options: { overwrite?: boolean } = {}): Promise<'written' | 'present'> {
    checkKey(key);
    checkSize(bytes);
    if (this.map.has(key) && !options.overwrite) return 'present';
    this.map.set(key, Buffer.from(bytes));
    this.#writtenAtMs.set(key, Date.now());
    return 'written';
  }
  async get(key: string): Promise<Buffer | undefined> {
    const bytes = this.map.get(key);
    return bytes && Buffer.from(bytes);
  }
  async getHashed(key: string): Promise<Hashed | undefined> {
    const bytes = await this.get(key);
    return bytes && { bytes, digest: hash(bytes) };
  }
  async has(key: string): Promise<boolean> {
    return this.map.has(key);
  }
  async list(prefix: string): Promise<string[]> {
    return [...this.map.keys()].filter((key) => key.startsWith(prefix)).sort();
  }
  async describe(prefix: string): Promise<Described[]> {
    return (await this.list(prefix)).map((key) => ({
      key,
      bytes: this.map.get(key)?.length ?? 0,
      writtenAtMs: this.#writtenAtMs.get(key) ?? 0,
      etag: createHash('md5')
        .update(this.map.get(key) ?? '')
        .digest('hex'),
    }));
  }
  async *pages(prefix: string): AsyncIterable<readonly Described[]> {
    yield await this.describe(prefix);
  }
  async remove(key: string): Promise<void> {
    this.map.delete(key);
  }
}

/** The whole store over memory: the same code and contract as over S3, for tests without a server. */
export const memoryStore = (): Store & { readonly objects: MemoryObjects } =>
  new Store(new MemoryObjects()) as Store & { readonly objects: MemoryObjects };
