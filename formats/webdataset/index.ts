import { type BadEntry, type ImageSetFormat, type ListedImage, maxImageBytes, type Place } from '../image-set.ts';
import { formatInvalid } from '../invalid.ts';
import { openFile, type RandomAccess, type Source, type SourceFile } from '../source.ts';
import { readAhead } from '../window.ts';
import { labelOf } from './label.ts';
import { imageExtensions, samplesOf, type TarSample, wanted } from './samples.ts';
import { refuseAt } from './scan.ts';

export { webdatasetShards } from './write.ts';

const isTar = ({ path }: SourceFile): boolean => /\.tar$/i.test(path);
const isPacked = ({ path }: SourceFile): boolean => /\.(tar\.(gz|bz2|xz|zst)|tgz)$/i.test(path);

/**
 * WebDataset: tar shards whose samples are an image (`KEY.jpg`, `.jpeg`, `.png`, `.webp`) and a label. See `labelOf` for where the
 * label is looked for. Places are a file's first byte in its shard, and its length.
 */
export const webdataset: ImageSetFormat = {
  name: 'webdataset',
  matches: (files) => files.some((file) => isTar(file) || isPacked(file)),
  list: listShards,
  read: readShards,
  nameOf: (source, [file, offset]) => `${source.files[file]?.path}, file at byte ${offset}`,
};

async function* listShards(source: Source): AsyncGenerator<ListedImage | BadEntry> {
  const packed = source.files.find(isPacked);
  if (packed) {
    throw formatInvalid({
      format: 'tar',
      file: packed.path,
      offset: 0,
      message: 'compressed shards are not read, because no place in them can be read alone',
      remedy: `unpack the shards first: gunzip ${packed.path} (images hardly shrink, so little space is lost)`,
    });
  }
  let kind: string | undefined;
  for (const [index, sourceFile] of source.files.entries()) {
    if (!isTar(sourceFile)) continue;
    const file = readAhead(openFile(source, sourceFile));
    for await (const sample of samplesOf(file, wanted)) {
      const entry = toEntry(sample, index);
      if ('identity' in entry) {
        kind ??= typeof entry.identity;
        if (typeof entry.identity !== kind) {
          throw refuseAt(
            file,
            entry.place[1],
          )(`${sample.key}: labels must be all ${kind}s, got ${JSON.stringify(entry.identity)}`);
        }
      }
      yield entry;
    }
  }
}

const toEntry = (sample: TarSample, index: number): ListedImage | BadEntry => {
  const { key, files, bytes } = sample;
  const images = imageExtensions.filter((extension) => files.has(extension));
  const file = files.get(images[0] ?? '') ?? [...files.values()][0];
  const place: Place = [index, file?.offset ?? 0, file?.bytes ?? 0];
  const bad = (fault: string): BadEntry => ({ place, fault: `${key} ${fault}` });
  if (images.length === 0) return bad(`has no image, only .${[...files.keys()].slice(0, 5).join(', .')}`);
  if (images.length > 1) return bad(`has several images: .${images.join(', .')}`);
  const image = bytes.get(images[0] as string);
  if (!image) return bad(`has over ${maxImageBytes / 2 ** 20} MiB`);
  if (image.length === 0) return bad('is empty');
  const label = labelOf(sample);
  return 'fault' in label ? bad(label.fault) : { identity: label.identity, place, bytes: new Uint8Array(image) };
};

async function* readShards(source: Source, places: readonly Place[]): AsyncGenerator<Uint8Array> {
  let open: { index: number; file: RandomAccess } | undefined;
  for (const [index, offset, bytes] of places) {
    const sourceFile = source.files[index];
    const fail = refuseAt({ path: sourceFile?.path ?? source.name }, offset);
    if (!sourceFile || bytes > maxImageBytes || offset + bytes > sourceFile.bytes) {
      throw fail(`there is no image of ${bytes} bytes: the shard has changed`);
    }
    if (open?.index !== index) open = { index, file: readAhead(openFile(source, sourceFile)) };
    yield new Uint8Array(await open.file.read(offset, bytes));
  }
}
