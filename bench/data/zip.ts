import { crc32 } from 'node:zlib';
import { AppendFile } from '../../formats/append-file.ts';

/** A ZIP archive of files that are stored as they are: at most 65,535, and 4 GiB. */
export class ZipWriter {
  readonly #file: AppendFile;
  readonly #records: Buffer[] = [];

  private constructor(file: AppendFile) {
    this.#file = file;
  }

  static async create(path: string): Promise<ZipWriter> {
    return new ZipWriter(await AppendFile.create(path));
  }

  async add(path: string, bytes: Uint8Array): Promise<void> {
    const name = Buffer.from(path);
    // What both headers say: version, flags, method, time, checksum, both sizes, lengths of name and extra field.
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt32LE(crc32(bytes), 10);
    shared.writeUInt32LE(bytes.length, 14);
    shared.writeUInt32LE(bytes.length, 18);
    shared.writeUInt16LE(name.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(this.#file.bytes, 10);
    this.#records.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), shared, tail, name]));
    await this.#file.append(Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), shared, name, bytes]));
  }

  async close(): Promise<void> {
    const start = this.#file.bytes;
    const directory = Buffer.concat(this.#records);
    const end = Buffer.alloc(22);
    end.write('PK\x05\x06', 'latin1');
    end.writeUInt16LE(this.#records.length, 8);
    end.writeUInt16LE(this.#records.length, 10);
    end.writeUInt32LE(directory.length, 12);
    end.writeUInt32LE(start, 16);
    await this.#file.append(Buffer.concat([directory, end]));
    await this.#file.finish();
    await this.#file.close();
  }
}
