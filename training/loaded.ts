/**
 * Keeps what takes long to load and compile ready for the next activity of this worker: shards of one set, and evaluations
 * by one recognizer, come one after another. What is in use is never taken away.
 */
export class Loaded<T extends { dispose(): void }> {
  readonly #entries = new Map<string, { readonly value: Promise<T>; users: number }>();
  readonly #keep: number;

  /** @param keep how many stay when nobody uses them */
  constructor(keep: number) {
    this.#keep = keep;
  }

  /**
   * @param key names the value: all that `load` depends on
   * @param load makes it where it is not there; the store takes its disposal over
   */
  async use<R>(key: string, load: () => Promise<T>, body: (value: T) => Promise<R>): Promise<R> {
    const entry = this.#entries.get(key) ?? { value: load(), users: 0 };
    // What was used last stands last.
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

  /** A load that failed is tried again by the next one who asks. */
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
