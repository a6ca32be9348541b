import { readSamples, shardsOf } from '../../artifacts/shards.ts';
import type { Action, Outputs } from '../../core/action.ts';
import type { ArtifactRef, FileEntry } from '../../core/artifact.ts';
import { isJsonObject, type Json } from '../../core/errors.ts';
import { decodeImage } from '../../formats/image.ts';
import { decodeSafetensors } from '../../formats/safetensors.ts';
import { factsOfKind } from '../../schemas/stage-schemas.ts';
import type { Store } from '../../store/index.ts';
import type { Replayed } from './job.ts';

/**
 * What may differ between two kinds of machine, whose kernels add up in another order. A number passes where it is as near, a
 * file of numbers where its root mean square difference is as small against its own root mean square, and a set of images
 * where their mean difference is.
 */
export const tolerance = {
  /** Of a number in metrics: absolute, and relative for numbers above 1. */
  number: 0.02,
  /** Of weights, scores and embeddings: relative. */
  arrays: 0.02,
  /** Of images: mean absolute difference, in steps of 1 of 255. */
  pixels: 2,
} as const;

/** What may differ, in the units of `tolerance`. */
export type Allowed = { readonly [what in keyof typeof tolerance]: number };

/** What a program's stage says of its outputs that may differ, on whatever machine; undefined where all bytes must be the same. */
export const declaredTolerance = ({ kind, params }: Action): ((output: string) => Allowed) | undefined => {
  if (factsOfKind(kind).role !== 'foreign' || !isJsonObject(params.outputs)) return undefined;
  const { outputs } = params;
  const of = (name: string): number => {
    const output = outputs[name];
    if (!isJsonObject(output) || output.type === 'files') return 0;
    return typeof output.tolerance === 'number' ? output.tolerance : 0;
  };
  if (!Object.keys(outputs).some((name) => of(name) > 0)) return undefined;
  return (name) => ({ number: of(name), arrays: of(name), pixels: 255 * of(name) });
};

/** @param made in `here` @param recorded in `there` @param because why they are not just compared by their digests */
export const compareOutputs = async (
  made: Outputs,
  recorded: Outputs,
  here: Store,
  there: Store,
  {
    because = 'another kind of machine',
    allowed = (): Allowed => tolerance,
  }: {
    readonly because?: string;
    readonly allowed?: (output: string) => Allowed;
  } = {},
): Promise<Pick<Replayed, 'verdict' | 'why'>> => {
  const found: string[] = [];
  let within = true;
  for (const [name, ref] of Object.entries(recorded)) {
    const own = made[name];
    const difference = own ? await compareArtifacts(own, ref, { here, there, allowed: allowed(name) }) : undefined;
    if (!difference || !(difference.of <= difference.allowed)) within = false;
    found.push(
      `${name}: ${difference ? `${difference.of.toPrecision(2)} of ${difference.allowed} (${difference.what})` : 'cannot be compared'}`,
    );
  }
  return { verdict: within ? 'within tolerance' : 'different', why: `${because}; ${found.join('; ')}` };
};

/** Where the two are, and what may differ. */
interface Comparing {
  readonly here: Store;
  readonly there: Store;
  readonly allowed: Allowed;
}

interface Difference {
  readonly of: number;
  readonly allowed: number;
  readonly what: string;
}

/** How far beyond what is allowed; no number is beyond all. */
const excess = ({ of, allowed }: Difference): number => (Number.isNaN(of) ? Number.POSITIVE_INFINITY : of / allowed);

/** @returns undefined where the two have not the same files */
const compareArtifacts = async (
  made: ArtifactRef,
  recorded: ArtifactRef,
  comparing: Comparing,
): Promise<Difference | undefined> => {
  const { here, there } = comparing;
  if (made.digest === recorded.digest) return { of: 0, allowed: 0, what: 'equal' };
  // Nothing but the same bytes will do.
  if (comparing.allowed.number === 0) return undefined;
  const [own, other] = [(await here.getArtifact(made)).files, (await there.getArtifact(recorded)).files];
  if (own.map(({ path }) => path).join() !== other.map(({ path }) => path).join()) return undefined;
  const differences: Difference[] = [];
  if (shardsOf(own).length > 0) differences.push(await comparePixels(made, recorded, comparing));
  for (const [i, file] of own.entries()) {
    if (file.digest === other[i]?.digest || isComparedElsewhere(file.path)) continue;
    const difference = await compareFiles(file, other[i] as FileEntry, comparing);
    if (!difference) return undefined;
    differences.push(difference);
  }
  return differences.reduce<Difference | undefined>(
    (worst, each) => (worst && excess(worst) >= excess(each) ? worst : each),
    undefined,
  );
};

/** Shards are compared by their images; event files hold what the other files of a training's log say. */
const isComparedElsewhere = (path: string): boolean => /(^|\/)shards\/[^/]+\.tar$|\.tfevents\./.test(path);

const compareFiles = async (
  own: FileEntry,
  other: FileEntry,
  { here, there, allowed }: Comparing,
): Promise<Difference | undefined> => {
  const [left, right] = [await here.getBlob(own.digest), await there.getBlob(other.digest)];
  if (own.path.endsWith('.json')) {
    const [made, recorded] = [parsed(left), parsed(right)];
    if (made === undefined || recorded === undefined) return undefined;
    return { of: compareJson(made, recorded), allowed: allowed.number, what: own.path };
  }
  if (own.path.endsWith('.png'))
    return {
      of: meanDifference((await decodeImage(left)).pixels, (await decodeImage(right)).pixels),
      allowed: allowed.pixels,
      what: own.path,
    };
  if (!own.path.endsWith('.safetensors')) return undefined;
  return { of: compareArrays(left, right), allowed: allowed.arrays, what: own.path };
};

/** Undefined where it is no JSON, whatever its name says. */
const parsed = (bytes: Buffer): Json | undefined => {
  try {
    return JSON.parse(bytes.toString()) as Json;
  } catch {
    return undefined;
  }
};

/** The largest difference of two numbers at one place; infinite where the two are of different shapes. Digests do not count. */
const compareJson = (a: Json, b: Json): number => {
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) / Math.max(1, Math.abs(b));
  if (typeof a === 'string' && typeof b === 'string')
    return a === b || /^sha256:/.test(a) ? 0 : Number.POSITIVE_INFINITY;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object')
    return a === b ? 0 : Number.POSITIVE_INFINITY;
  const [left, right] = [a as { [key: string]: Json }, b as { [key: string]: Json }];
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return Number.POSITIVE_INFINITY;
  return keys.reduce((worst, key) => {
    const [x, y] = [left[key], right[key]];
    return Math.max(worst, x === undefined || y === undefined ? Number.POSITIVE_INFINITY : compareJson(x, y));
  }, 0);
};

/** Root mean square of the difference against that of the recorded values. */
const compareArrays = (left: Buffer, right: Buffer): number => {
  const [own, other] = [decodeSafetensors(left), decodeSafetensors(right)];
  let difference = 0;
  let size = 0;
  for (const [name, { data }] of Object.entries(other)) {
    const made = own[name]?.data;
    if (made?.length !== data.length) return Number.POSITIVE_INFINITY;
    for (let i = 0; i < data.length; i++) {
      difference += (Number(made[i]) - Number(data[i])) ** 2;
      size += Number(data[i]) ** 2;
    }
  }
  return size === 0 ? (difference === 0 ? 0 : Number.POSITIVE_INFINITY) : Math.sqrt(difference / size);
};

/** Mean absolute difference of the levels; infinite where the pictures have not the same size. */
const meanDifference = (left: Uint8Array, right: Uint8Array): number =>
  left.length === right.length
    ? left.reduce((sum, level, i) => sum + Math.abs(level - (right[i] as number)), 0) / left.length
    : Number.POSITIVE_INFINITY;

const comparePixels = async (
  made: ArtifactRef,
  recorded: ArtifactRef,
  { here, there, allowed }: Comparing,
): Promise<Difference> => {
  let sum = 0;
  let count = 0;
  const others = readSamples(there, recorded);
  for await (const { pixels } of readSamples(here, made)) {
    const other = (await others.next()).value;
    if (!other) return { of: Number.POSITIVE_INFINITY, allowed: allowed.pixels, what: 'images' };
    for (let i = 0; i < pixels.length; i++) sum += Math.abs((pixels[i] as number) - (other.pixels[i] as number));
    count += pixels.length;
  }
  return { of: count === 0 ? 0 : sum / count, allowed: allowed.pixels, what: 'images' };
};
