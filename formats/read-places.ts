import type { Place } from './image-set.ts';
import { openFile, type Source, type SourceFile } from './source.ts';

/** Most bytes of one read, unless one place is longer. */
const maxRunBytes = 4 * 2 ** 20;
/** Bytes between two places that are cheaper to read along than to ask for again. */
const maxGapBytes = 64 * 2 ** 10;

/**
 * The bytes of many places, in their order; each place is a file, an offset and a length. Places that follow one another closely
 * are fetched by one read, so that a set in file order is read in a few large pieces, and any other order one by one.
 * What is yielded is a view: copy what outlives the next step.
 */
export async function* readPlaces(source: Source, places: readonly Place[]): AsyncGenerator<Buffer> {
  for (let next = 0; next < places.length; ) {
    const [file, start] = places[next] as Place;
    const last = endOfRun(places, next);
    const [, from, length] = places[last] as Place;
    const run = await openFile(source, source.files[file] as SourceFile).read(start, from + length - start);
    for (; next <= last; next++) {
      const [, at, bytes] = places[next] as Place;
      yield run.subarray(at - start, at - start + bytes);
    }
  }
}

/** The last place of the run that begins with place `first`. */
const endOfRun = (places: readonly Place[], first: number): number => {
  const [file, start, length] = places[first] as Place;
  let end = start + length;
  let last = first;
  for (; last + 1 < places.length; last++) {
    const [nextFile, from, bytes] = places[last + 1] as Place;
    const follows = nextFile === file && from >= end && from - end <= maxGapBytes;
    if (!follows || from + bytes - start > maxRunBytes) break;
    end = from + bytes;
  }
  return last;
};
