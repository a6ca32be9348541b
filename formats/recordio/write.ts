import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CemiflowError } from '../../core/errors.ts';
import { AppendFile } from '../append-file.ts';
import { imageHeaderBytes, lengthBits, magic, maxExact, partHeaderBytes, partKinds, wordBytes } from './record.ts';

/** An image for a pack. `bytes` is the encoded file, which the pack holds as it is. */
export interface PackedImage {
  /** A whole number from 0. */
  readonly identity: number;
  readonly bytes: Uint8Array;
}

/**
 * Writes `train.rec`, `train.idx` and `property` as InsightFace's packers write them (`face2rec2.py`): images under the keys from 1 on;
 * then the header record, key 0; then a record with the first key and the key after the last for each run of images of one
 * identity. So give images of an identity one after the other. Streams: memory holds 16 bytes for each run.
 *
 * @throws CemiflowError `PackLabel` for an identity that float32 does not hold
 */
export const writeRecordio = async (
  folder: string,
  images: AsyncIterable<PackedImage>,
  { height, width }: { readonly height: number; readonly width: number },
): Promise<{ images: number; classes: number }> => {
  await mkdir(folder, { recursive: true });
  const pack = await PackFiles.create(folder);
  try {
    const runs: [first: number, end: number][] = [];
    let classes = 0;
    let before = -1;
    let key = 1;
    for await (const { identity, bytes } of images) {
      check(identity, key);
      if (identity === before) (runs.at(-1) as [number, number])[1] = key + 1;
      else runs.push([key, key + 1]);
      await pack.put(key, encodePayload(key, [identity], bytes));
      classes = Math.max(classes, identity + 1);
      before = identity;
      key++;
    }
    await pack.put(0, encodePayload(0, [key, key + runs.length], nothing));
    for (const [i, run] of runs.entries()) await pack.put(key + i, encodePayload(key + i, run, nothing));
    await pack.finish();
    await writeFile(join(folder, 'property'), `${classes},${height},${width}`);
    return { images: key - 1, classes };
  } finally {
    await pack.close();
  }
};

const nothing = new Uint8Array(0);

/** The two files of a pack. */
class PackFiles {
  readonly #rec: AppendFile;
  readonly #idx: AppendFile;

  private constructor(rec: AppendFile, idx: AppendFile) {
    this.#rec = rec;
    this.#idx = idx;
  }

  static async create(folder: string): Promise<PackFiles> {
    return new PackFiles(
      await AppendFile.create(join(folder, 'train.rec')),
      await AppendFile.create(join(folder, 'train.idx')),
    );
  }

  async put(key: number, payload: Buffer): Promise<void> {
    await this.#idx.append(Buffer.from(`${key}\t${this.#rec.bytes}\n`));
    await this.#rec.append(encodeRecord(payload));
  }

  async finish(): Promise<void> {
    await this.#rec.finish();
    await this.#idx.finish();
  }

  async close(): Promise<void> {
    await this.#rec.close();
    await this.#idx.close();
  }
}

/** Header, labels and image. One label stands in the header; more stand behind it, and the header counts them. */
const encodePayload = (id: number, labels: readonly number[], image: Uint8Array): Buffer => {
  const flag = labels.length === 1 ? 0 : labels.length;
  const head = Buffer.alloc(imageHeaderBytes + 4 * flag);
  head.writeUInt32LE(flag, 0);
  head.writeBigUInt64LE(BigInt(id), 8);
  if (flag === 0) head.writeFloatLE(labels[0] as number, 4);
  else for (const [i, label] of labels.entries()) head.writeFloatLE(label, imageHeaderBytes + 4 * i);
  return Buffer.concat([head, image]);
};

/**
 * A record around its payload. Where the payload itself has the magic at a whole word, it is cut there into parts and the magic is
 * left out, as dmlc-core does it: readers that start in the middle of a file look for the magic.
 */
export const encodeRecord = (payload: Buffer): Buffer => {
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = 0; at + wordBytes <= payload.length; at += wordBytes) {
    if (payload.readUInt32LE(at) !== magic) continue;
    parts.push(...encodePart(from === 0 ? partKinds.first : partKinds.middle, payload.subarray(from, at)));
    from = at + wordBytes;
  }
  parts.push(...encodePart(from === 0 ? partKinds.whole : partKinds.last, payload.subarray(from)));
  return Buffer.concat(parts);
};

const encodePart = (kind: number, bytes: Buffer): [Buffer, Buffer, Buffer] => {
  const header = Buffer.alloc(partHeaderBytes);
  header.writeUInt32LE(magic, 0);
  header.writeUInt32LE((kind * 2 ** lengthBits + bytes.length) >>> 0, 4);
  return [header, bytes, Buffer.alloc(-bytes.length & (wordBytes - 1))];
};

const check = (identity: number, key: number): void => {
  if (Number.isInteger(identity) && identity >= 0 && identity < maxExact && key < maxExact) return;
  throw new CemiflowError(
    'PackLabel',
    `a pack must have fewer than ${maxExact} images and identities, numbered from 0`,
    {
      remedy: 'split the set: RecordIO keeps labels as float32, which has no larger whole numbers without gaps',
      data: { identity, key },
    },
  );
};
