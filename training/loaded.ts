/**
 * A cache of networks that take long to load and compile, for the next activity of this worker: shards of one set, and
 * evaluations by one recognizer, come one after another. An entry in use is never disposed.
 */
export class Loaded<T extends { dispose(): void }> {
  readonly #entries = new Map<string, { readonly value: Promise<T>; users: number }>();
  readonly #keep: number;

  /** @param keep how many unused entries stay */
  constructor(keep: number) {
    this.#keep = keep;
  }

  /**
   * @param key names the value: all that `load` depends on
   * @param load makes the value where the cache lacks it; the cache will dispose it
   */
  async use<R>(key: string, load: () => Promise<T>, body: (value: T) => Promise<R>): Promise<R> {
    const entry = this.#entries.get(key) ?? { value: load(), users: 0 };
    // Kept in order of use, the latest last.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.users++;
    try {
      return await body(await this.#loaded(key, entry.value));
    } finally {
      entry.users--;
      await this.#trim();
    }
  }

  /** A failed load is forgotten, so that the next caller tries again. */
  async #loaded(key: string, value: Promise<T>): Promise<T> {
    try {
      return await value;
    } catch (error) {
      if (this.#entries.get(key)?.value === value) this.#entries.delete(key);
      throw error;
    }
  }

  async #trim(): Promise<void> {
    const idle = [...this.#entries].filter(([, { users }]) => users === 0);
    for (const [key, { value }] of idle.slice(0, Math.max(0, this.#entries.size - this.#keep))) {
      this.#entries.delete(key);
      (await value).dispose();
    }
  }
}
