/** Longer lines are cut: what a program says to cemiflow is short, and memory must not depend on what else it prints. */
const mostCharacters = 4096;

/**
 * Cuts what a program prints into lines. A carriage return ends a line too: progress bars are drawn over themselves.
 */
export class Lines {
  readonly #decoder = new TextDecoder();
  readonly #take: (line: string) => void;
  #line = '';

  constructor(take: (line: string) => void) {
    this.#take = take;
  }

  add(bytes: Uint8Array): void {
    const pieces = this.#decoder.decode(bytes, { stream: true }).split(/[\r\n]/);
    for (const [i, piece] of pieces.entries()) {
      if (i > 0) this.#end();
      if (this.#line.length < mostCharacters) this.#line += piece.slice(0, mostCharacters - this.#line.length);
    }
  }

  /** The last line may have no end. */
  close(): void {
    this.#end();
  }

  #end(): void {
    if (this.#line !== '') this.#take(this.#line);
    this.#line = '';
  }
}
