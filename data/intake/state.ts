import type { FileEntry } from '../../core/artifact.ts';
import type { Checkpoint } from '../../core/checkpoint.ts';
import type { Json } from '../../core/errors.ts';
import { DuplicateTable } from './duplicates.ts';
import type { Examined } from './examine.ts';
import { LandmarkTable } from './landmark-table.ts';

/** An entry that was left out. */
export interface LeftOut {
  readonly name: string;
  readonly fault: string;
}

/** Left-out entries that are named; all of them are counted. */
const named = 100;

type Notes = {
  readonly entries: number;
  readonly names: string[];
  readonly taken: [number, number][];
  readonly leftOut: { readonly count: number; readonly first: { name: string; fault: string }[] };
  readonly transparent: number;
  readonly shards: FileEntry[];
};

/** What has been taken in so far: all that the next entry depends on, and what will be said of the set. */
export class IntakeState {
  /** Entries of the source that are settled. */
  entries = 0;
  /** Of them, images with transparent pixels, which decoding lays on black. */
  transparent = 0;
  readonly #names: string[];
  readonly #numbers: Map<string, number>;
  readonly #taken: Map<number, number>;
  readonly #leftOut: { count: number; readonly first: LeftOut[] };
  readonly duplicates: DuplicateTable;
  readonly landmarks: LandmarkTable;
  /** Shards that an earlier attempt stored. */
  readonly shards: readonly FileEntry[];

  constructor(checkpoint?: Checkpoint) {
    const notes = checkpoint?.notes as Notes | undefined;
    this.entries = notes?.entries ?? 0;
    this.transparent = notes?.transparent ?? 0;
    this.#names = [...(notes?.names ?? [])];
    this.#numbers = new Map(this.#names.map((name, number) => [name, number]));
    this.#taken = new Map(notes?.taken);
    this.#leftOut = { count: notes?.leftOut.count ?? 0, first: [...(notes?.leftOut.first ?? [])] };
    this.shards = notes?.shards ?? [];
    this.duplicates = new DuplicateTable(checkpoint?.arrays.duplicates?.data as Int32Array | undefined);
    this.landmarks = new LandmarkTable(checkpoint?.arrays);
  }

  /** The number of an identity, known from now on: its label, or the place of its name. */
  numberOf(identity: number | string): number {
    const number = typeof identity === 'number' ? identity : this.#placeOf(identity);
    if (!this.#taken.has(number)) this.#taken.set(number, 0);
    return number;
  }

  #placeOf(name: string): number {
    const known = this.#numbers.get(name) ?? this.#names.push(name) - 1;
    this.#numbers.set(name, known);
    return known;
  }

  /** @param file index of the image's file in its source @returns the number of the image within its identity */
  take(identity: number, file: number, { hashes, transparent, landmarks }: Examined): number {
    const image = this.taken.get(identity) ?? 0;
    this.#taken.set(identity, image + 1);
    this.duplicates.add(identity, hashes);
    if (transparent) this.transparent++;
    if (landmarks) this.landmarks.add(file, landmarks);
    return image;
  }

  leaveOut(entry: LeftOut): void {
    this.#leftOut.count++;
    if (this.#leftOut.first.length < named) this.#leftOut.first.push(entry);
  }

  get leftOut(): { readonly count: number; readonly first: readonly LeftOut[] } {
    return this.#leftOut;
  }

  /** Images of one identity. */
  takenOf(identity: number | string): number {
    const number = typeof identity === 'number' ? identity : this.#numbers.get(identity);
    return number === undefined ? 0 : (this.#taken.get(number) ?? 0);
  }

  /** Images of each identity, also of those that have none. */
  get taken(): ReadonlyMap<number, number> {
    return this.#taken;
  }

  /** Names in the order of their numbers; empty where labels are numbers. */
  get names(): readonly string[] {
    return this.#names;
  }

  nameOf(identity: number): string {
    return this.#names[identity] ?? `${identity}`;
  }

  /** As it is now, for a checkpoint; `shards` are those that hold everything taken so far. */
  snapshot(): (shards: FileEntry[]) => Checkpoint {
    const { entries, transparent, names, taken, leftOut } = this;
    const rows = this.duplicates.rows;
    const found = this.landmarks.arrays;
    const notes = { entries, transparent, names: [...names], taken: [...taken], leftOut: structuredClone(leftOut) };
    return (shards) => ({
      step: entries,
      arrays: { duplicates: { dtype: 'int32', shape: [rows.length], data: rows }, ...found },
      notes: { ...notes, shards } as unknown as Json,
    });
  }
}
