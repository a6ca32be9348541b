import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { extensionOf } from '../image-kind.ts';
import { type EncodedSample, sampleName } from '../sample.ts';

// The writer has its own copy of hyparquet, with types of its own.
const schema: ConstructorParameters<typeof ParquetWriter>[0]['schema'] = [
  { name: 'schema', num_children: 2, repetition_type: 'REQUIRED' },
  { name: 'image', num_children: 2, repetition_type: 'OPTIONAL' },
  { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
  {
    name: 'path',
    type: 'BYTE_ARRAY',
    converted_type: 'UTF8',
    logical_type: { type: 'STRING' },
    repetition_type: 'OPTIONAL',
  },
  { name: 'label', type: 'INT64', repetition_type: 'OPTIONAL' },
];

/** Tells `datasets` that the column is an Image. */
const huggingface = JSON.stringify({
  info: { features: { image: { _type: 'Image' }, label: { dtype: 'int64', _type: 'Value' } } },
});

const defaultGroupBytes = 32 * 2 ** 20;
const maxGroupSamples = 1000;

/**
 * One Parquet file that `datasets.load_dataset("parquet")` shows as images: `image` is a struct of `bytes` and `path`
 * (`IIIIII/JJJJ.jpg`), `label` an int64. One row group is in memory at a time; images are not compressed again.
 *
 * @param groupBytes bytes of images after which a row group ends, at the latest after 1,000 rows; default 32 MiB
 * @returns the file's bytes, piece after piece
 */
export async function* parquetFile(
  samples: AsyncIterable<EncodedSample> | Iterable<EncodedSample>,
  groupBytes = defaultGroupBytes,
): AsyncGenerator<Uint8Array> {
  const sink = new ByteWriter();
  const writer = new ParquetWriter({
    writer: sink,
    schema,
    codec: 'UNCOMPRESSED',
    statistics: false,
    kvMetadata: [{ key: 'huggingface', value: huggingface }],
    createdBy: 'cemiflow',
  });
  let rows: { image: { bytes: Uint8Array; path: string }; label: bigint }[] = [];
  let bytes = 0;
  const close = (): Uint8Array => {
    writer.write({
      columnData: [
        { name: 'image', data: rows.map(({ image }) => image), encoding: 'PLAIN' },
        { name: 'label', data: rows.map(({ label }) => label), encoding: 'PLAIN' },
      ],
      rowGroupSize: rows.length,
    });
    rows = [];
    bytes = 0;
    return drain(sink);
  };
  for await (const sample of samples) {
    const path = `${sampleName(sample)}.${extensionOf(sample.bytes)}`;
    rows.push({ image: { bytes: sample.bytes, path }, label: BigInt(sample.identity) });
    bytes += sample.bytes.length;
    if (bytes >= groupBytes || rows.length === maxGroupSamples) yield close();
  }
  if (rows.length > 0) yield close();
  writer.finish();
  yield drain(sink);
}

/** What was written since the last call; places in the file count on, because `offset` stays. */
const drain = (sink: ByteWriter): Uint8Array => {
  const piece = sink.getBytes().slice();
  sink.index = 0;
  return piece;
};
