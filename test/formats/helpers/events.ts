import { maskedCrc32c } from '../../../formats/tensorboard/record.ts';

/** The data of each record of a TFRecord file. Throws where a checksum or a length is wrong. */
export const recordsOf = (file: Buffer): Buffer[] => {
  const records: Buffer[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    const data = file.subarray(at + 12, at + 12 + length);
    if (file.readUInt32LE(at + 8) !== maskedCrc32c(file.subarray(at, at + 8))) throw new Error('length damaged');
    if (file.readUInt32LE(at + 12 + length) !== maskedCrc32c(data)) throw new Error('data damaged');
    records.push(data);
    at += length + 16;
  }
  return records;
};
