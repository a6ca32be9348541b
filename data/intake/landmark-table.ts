import type { FileEntry } from '../../core/artifact.ts';
import type { CheckpointArray } from '../../core/checkpoint.ts';
import type { ArtifactStore } from '../../core/stage.ts';

/** x and y of five points. */
const columns = 10;
/** A file of an artifact holds at most this many rows: it must fit into one blob. */
const rowsPerFile = 100_000;

/** Landmarks that were found in photos that come one by one. Holds 44 bytes for each. */
export class LandmarkTable {
  #points: Float32Array;
  #files: Int32Array;
  #count: number;

  /** @param arrays as `arrays` gives them */
  constructor({ landmarks, landmarkFiles }: { readonly [name: string]: CheckpointArray | undefined } = {}) {
    this.#points = Float32Array.from(landmarks?.data ?? []);
    this.#files = Int32Array.from(landmarkFiles?.data ?? []);
    this.#count = this.#files.length;
  }

  /** @param file index of the photo's file in its source @param points float32 numbers: x1, y1, …, x5, y5 */
  add(file: number, points: readonly number[]): void {
    if (this.#count === this.#files.length) {
      const room = Math.max(1024, 2 * this.#count);
      const [grownPoints, grownFiles] = [new Float32Array(room * columns), new Int32Array(room)];
      grownPoints.set(this.#points);
      grownFiles.set(this.#files);
      [this.#points, this.#files] = [grownPoints, grownFiles];
    }
    this.#points.set(points, this.#count * columns);
    this.#files[this.#count] = file;
    this.#count++;
  }

  /** For a checkpoint; empty where nothing was added. */
  get arrays(): { readonly [name: string]: CheckpointArray } {
    if (this.#count === 0) return {};
    const points = this.#points.slice(0, this.#count * columns);
    const files = this.#files.slice(0, this.#count);
    return {
      landmarks: { dtype: 'float32', shape: [this.#count, columns], data: points },
      landmarkFiles: { dtype: 'int32', shape: [this.#count], data: files },
    };
  }

  /**
   * Stores the rows as `landmarks.csv`, in the form that `formats/landmarks/list.ts` reads to the same numbers; where they are many, as
   * `landmarks.csv`, `landmarks-1.csv`, …, each with a header.
   *
   * @param pathOf path of a file in its source
   */
  async store(store: Pick<ArtifactStore, 'putFile'>, pathOf: (file: number) => string): Promise<FileEntry[]> {
    const entries: FileEntry[] = [];
    for (let from = 0; from < this.#count; from += rowsPerFile) {
      const rows = ['path,x1,y1,x2,y2,x3,y3,x4,y4,x5,y5'];
      for (let row = from; row < Math.min(this.#count, from + rowsPerFile); row++) {
        const path = pathOf(this.#files[row] as number);
        const points = this.#points.subarray(row * columns, (row + 1) * columns);
        rows.push(`${quoted(path)},${[...points].join(',')}`);
      }
      const name = entries.length === 0 ? 'landmarks.csv' : `landmarks-${entries.length}.csv`;
      entries.push(await store.putFile(name, Buffer.from(`${rows.join('\n')}\n`), 'text/csv'));
    }
    return entries;
  }
}

const quoted = (path: string): string => (/[",]/.test(path) ? `"${path.replaceAll('"', '""')}"` : path);
