/** How much of each end of a log is kept, in bytes. */
const keptBytes = 2 ** 20;

/** What a program printed, in the order in which it arrived: all of it, or both ends and how much is missing between them. */
export class ProgramLog {
  readonly #kept: number;
  readonly #head: Buffer[] = [];
  #headBytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #bytes = 0;

  /** @param kept of each end, in bytes */
  constructor(kept = keptBytes) {
    this.#kept = kept;
  }

  add(bytes: Buffer): void {
    this.#bytes += bytes.length;
    const first = bytes.subarray(0, Math.max(0, this.#kept - this.#headBytes));
    // Copies: pieces of a pipe's buffer would keep all of it.
    if (first.length > 0) this.#head.push(Buffer.from(first));
    this.#headBytes += first.length;
    const rest = bytes.subarray(first.length).subarray(-this.#kept);
    if (rest.length === 0) return;
    this.#tail.push(Buffer.from(rest));
    this.#tailBytes += rest.length;
    if (this.#tailBytes > 2 * this.#kept) this.#trim();
  }

  bytes(): Buffer {
    this.#trim();
    const missing = this.#bytes - this.#headBytes - this.#tailBytes;
    const gap = missing > 0 ? [Buffer.from(`\n[cemiflow: ${missing} bytes left out]\n`)] : [];
    return Buffer.concat([...this.#head, ...gap, ...this.#tail]);
  }

  #trim(): void {
    const tail = Buffer.concat(this.#tail).subarray(-this.#kept);
    this.#tail = [Buffer.from(tail)];
    this.#tailBytes = tail.length;
  }
}
