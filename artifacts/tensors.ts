import type { FileEntry } from '../core/artifact.ts';
import { canonicalJson } from '../core/canonical.ts';
import { CemiflowError } from '../core/errors.ts';
import { literal } from '../core/literal.ts';
import type { ArtifactStore } from '../core/stage.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  type SafeArray,
  type SafeTensor,
  type SafeTensors,
} from '../formats/safetensors.ts';
import { type Opened, readJsonFields } from './codec.ts';
import { checkFinite } from './finite.ts';

/** A file's tensors hold at most this much, so that it fits one blob with its header. */
const maxFileBytes = 60 * 2 ** 20;
const octets = 'application/octet-stream';

/** `NAME.safetensors.index.json`, as Hugging Face's tools write and read it, and `split`, which only cemiflow reads. */
interface TensorIndex {
  readonly metadata: { readonly total_size: number };
  /** The file of each tensor, and of each piece of one. */
  readonly weight_map: { readonly [tensor: string]: string };
  /** For each tensor that is larger than a file: its pieces, to be joined along the first axis in this order. */
  readonly split: { readonly [tensor: string]: readonly string[] };
}

/**
 * Stores tensors as `STEM.safetensors`; where one blob is too small, as `STEM-00001-of-00003.safetensors` … and
 * `STEM.safetensors.index.json`. A tensor that is larger than a file is cut between rows of its first axis into tensors
 * `NAME.rows-00001-of-00002` …
 *
 * @param options.fileBytes most bytes of tensors in a file: 60 MiB
 * @throws CemiflowError `NotFinite`, and `TensorTooLarge` where one row does not fit a file
 */
export const putTensors = async (
  store: Pick<ArtifactStore, 'putFile'>,
  stem: string,
  tensors: SafeTensors,
  { fileBytes = maxFileBytes }: { fileBytes?: number } = {},
): Promise<FileEntry[]> => {
  for (const [name, { data }] of Object.entries(tensors)) checkFinite(name, data);
  const pieces = Object.entries(tensors).map(([name, tensor]) => ({ name, parts: cut(name, tensor, fileBytes) }));
  const groups = pack(Object.assign({}, ...pieces.map(({ parts }) => parts)), fileBytes);
  if (groups.length === 1) {
    return [await store.putFile(`${stem}.safetensors`, encodeSafetensors(groups[0] as SafeTensors), octets)];
  }
  const files: FileEntry[] = [];
  const weight_map: Record<string, string> = {};
  for (const [i, group] of groups.entries()) {
    const path = `${stem}-${ofMany(i, groups.length)}.safetensors`;
    files.push(await store.putFile(path, encodeSafetensors(group), octets));
    for (const name of Object.keys(group)) weight_map[name] = path;
  }
  const split = Object.fromEntries(
    pieces.map(({ name, parts }) => [name, Object.keys(parts)] as const).filter(([, parts]) => parts.length > 1),
  );
  const index = { metadata: { total_size: sum(Object.values(tensors)) }, weight_map, split } satisfies TensorIndex;
  files.push(await store.putFile(indexPath(stem), Buffer.from(canonicalJson(index)), 'application/json'));
  return files;
};

/**
 * Reads what `putTensors` stored.
 *
 * @throws CemiflowError `TensorsMissing` where a file or a piece is not there, or pieces do not fit each other;
 * `ArtifactInvalid` for a damaged index
 */
export const getTensors = async (
  store: Pick<ArtifactStore, 'getBlob'>,
  artifact: Opened,
  stem: string,
): Promise<Record<string, SafeTensor>> => {
  const ours = new RegExp(`^${literal(stem)}(-\\d{5}-of-(\\d{5}))?\\.safetensors$`);
  const held = artifact.files.filter(({ path }) => ours.test(path));
  const wanted = Number(ours.exec(held[0]?.path ?? '')?.[2] ?? 1);
  if (held.length !== wanted) throw missing(`${wanted} files of ${stem}.safetensors are needed, got ${held.length}`);
  const tensors = new Map<string, SafeTensor>();
  // One file at a time: a head of 200,000 classes has seven, and decoding copies them.
  for (const { digest } of held)
    for (const [name, tensor] of Object.entries(decodeSafetensors(await store.getBlob(digest))))
      tensors.set(name, tensor);
  if (artifact.files.some(({ path }) => path === indexPath(stem))) {
    const index = await readJsonFields(store, artifact, indexPath(stem));
    const named = index.object('weight_map').names;
    const split = index.object('split');
    const absent = [...named, ...split.names.flatMap((name) => split.strings(name))].filter(
      (name) => !tensors.has(name),
    );
    if (absent.length > 0) throw missing(`${indexPath(stem)} names ${absent.join(', ')}, which no file holds`);
    for (const name of split.names) {
      const pieces = split.strings(name);
      const joined = join(
        name,
        pieces.map((piece) => tensors.get(piece)),
      );
      for (const piece of pieces) tensors.delete(piece);
      tensors.set(name, joined);
    }
  }
  return Object.fromEntries(tensors);
};

const indexPath = (stem: string): string => `${stem}.safetensors.index.json`;

/** `00001-of-00003` */
const ofMany = (i: number, n: number): string => `${digits(i + 1)}-of-${digits(n)}`;
const digits = (n: number): string => `${n}`.padStart(5, '0');

const sum = (tensors: readonly SafeTensor[]): number => tensors.reduce((total, { data }) => total + data.byteLength, 0);

/** The tensor under its name, or views of its rows, each under a name. */
const cut = (name: string, tensor: SafeTensor, fileBytes: number): Record<string, SafeTensor> => {
  const { dtype, shape, data } = tensor;
  if (data.byteLength <= fileBytes) return { [name]: tensor };
  const [rows = 1, ...row] = shape;
  const rowsEach = Math.floor((fileBytes * rows) / data.byteLength);
  if (rowsEach < 1) {
    throw new CemiflowError('TensorTooLarge', `${name} [${shape}] has rows of more than ${fileBytes} bytes`, {
      remedy: 'give the tensor a longer first axis',
      data: { name, shape: [...shape], fileBytes },
    });
  }
  const size = data.length / rows;
  const count = Math.ceil(rows / rowsEach);
  const parts: Record<string, SafeTensor> = {};
  for (let i = 0; i < count; i++) {
    const [from, to] = [i * rowsEach, Math.min(rows, (i + 1) * rowsEach)];
    parts[`${name}.rows-${ofMany(i, count)}`] = {
      dtype,
      shape: [to - from, ...row],
      data: data.subarray(from * size, to * size),
    };
  }
  return parts;
};

/** Fills files in order. */
const pack = (tensors: SafeTensors, fileBytes: number): SafeTensors[] => {
  const groups: Record<string, SafeTensor>[] = [{}];
  let bytes = 0;
  for (const [name, tensor] of Object.entries(tensors)) {
    if (bytes > 0 && bytes + tensor.data.byteLength > fileBytes) {
      groups.push({});
      bytes = 0;
    }
    (groups.at(-1) as Record<string, SafeTensor>)[name] = tensor;
    bytes += tensor.data.byteLength;
  }
  return groups;
};

const join = (name: string, found: readonly (SafeTensor | undefined)[]): SafeTensor => {
  const pieces = found.filter((piece) => piece !== undefined);
  const [first] = pieces;
  const fits = ({ dtype, shape }: SafeTensor): boolean =>
    shape.length > 0 && dtype === first?.dtype && `${shape.slice(1)}` === `${first.shape.slice(1)}`;
  if (!first || pieces.length < found.length || !pieces.every(fits))
    throw missing(
      `${name} must have pieces that no other tensor has, and that agree in dtype and all axes but the first`,
    );
  const { dtype, shape, data } = first;
  const length = pieces.reduce((total, piece) => total + piece.data.length, 0);
  const joined = new (data.constructor as new (length: number) => SafeArray)(length);
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece.data as never, at);
    at += piece.data.length;
  }
  return {
    dtype,
    shape: [pieces.reduce((rows, piece) => rows + (piece.shape[0] as number), 0), ...shape.slice(1)],
    data: joined,
  };
};

const missing = (message: string): CemiflowError =>
  new CemiflowError('TensorsMissing', message, {
    remedy: 'fetch the artifact whole, or run the stage that made it again',
  });
