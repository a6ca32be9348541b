import { type FileHandle, open } from 'node:fs/promises';

/** Bytes that are collected before they are written. */
const pieceBytes = 2 ** 20;

/** A new file that grows at its end, written in large pieces. */
export class AppendFile {
  readonly #file: FileHandle;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #bytes = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Replaces a file that is already there. */
  static async create(path: string): Promise<AppendFile> {
    return new AppendFile(await open(path, 'w'));
  }

  /** Bytes appended so far: where the next ones will lie. */
  get bytes(): number {
    return this.#bytes;
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#bytes += bytes.length;
    if (this.#waitingBytes >= pieceBytes) await this.#flush();
  }

  /** Writes over bytes that have been appended. */
  async overwrite(offset: number, bytes: Uint8Array): Promise<void> {
    await this.#flush();
    await this.#writeAll(bytes, offset);
  }

  /** Writes what is left and waits until the disk has it. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.#file.sync();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #flush(): Promise<void> {
    const piece = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    await this.#writeAll(piece, this.#bytes - piece.length);
  }

  async #writeAll(bytes: Uint8Array, offset: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      done += (await this.#file.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
    }
  }
}
