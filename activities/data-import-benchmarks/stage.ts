import { putBenchmarks } from '../../artifacts/benchmarks.ts';
import type { FileEntry } from '../../core/artifact.ts';
import { placeOf, type StageKind } from '../../core/stage.ts';
import { openSet, setsIn, type WantedSet } from '../../data/intake/benchmarks/sets.ts';
import { takeSet } from '../../data/intake/benchmarks/take.ts';
import { examining } from '../../data/intake/examine.ts';
import { Examiner } from '../../data/intake/examiner.ts';
import { sourceChanged } from '../../data/intake/faults.ts';
import type { SourceParams } from '../../data/intake/params.ts';
import { contentDigest } from '../../formats/content.ts';
import { openSource } from '../../formats/sources/open.ts';

/** `schemas/stages/data-import-benchmarks.schema.json` */
interface Params extends SourceParams {
  /** Empty: every `.bin`. */
  readonly sets: readonly WantedSet[];
}

/** `data/import-benchmarks`: takes verification sets in, each image as the file that it is. */
export const stage: StageKind<Params> = {
  async run({ sets, size, links, people, content, ...stated }, context) {
    const path = placeOf(context, 'path');
    const source = await openSource(path, { links });
    const examiner = new Examiner(examining, { height: size, width: size, fit: 'exact' });
    try {
      const wanted = sets.length > 0 ? sets : setsIn(source);
      const files: FileEntry[] = [];
      const counts: { [set: string]: { pairs: number; images: number } } = {};
      for (const set of wanted) {
        const taken = await takeSet(set.name, await openSet(source, set), { examiner, size, context });
        files.push(...taken.files);
        counts[set.name] = { pairs: taken.pairs, images: taken.images };
      }
      if (content !== undefined && (await contentDigest(path)) !== content) throw sourceChanged(path);
      const names = wanted.map(({ name }) => name);
      const facts = { ...stated, origin: 'import', peopleShown: people, counts };
      const meta = { ...facts, sets: names, height: size, width: size };
      return { benchmarks: await putBenchmarks(context.store, files, meta) };
    } finally {
      examiner.close();
      await source.close();
    }
  },
};
