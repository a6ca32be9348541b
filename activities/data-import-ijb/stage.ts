import { putBenchmarks } from '../../artifacts/benchmarks.ts';
import { placeOf, type StageKind } from '../../core/stage.ts';
import { examining as aligning } from '../../data/align/examine.ts';
import { type IjbPaths, takeIjb } from '../../data/intake/benchmarks/ijb.ts';
import { examining } from '../../data/intake/examine.ts';
import { Examiner } from '../../data/intake/examiner.ts';
import { sourceChanged } from '../../data/intake/faults.ts';
import type { SourceParams } from '../../data/intake/params.ts';
import { contentDigest } from '../../formats/content.ts';
import { openSource } from '../../formats/sources/open.ts';

/** `schemas/stages/data-import-ijb.schema.json` */
interface Params extends IjbPaths, Omit<SourceParams, 'people'> {
  readonly set: string;
  readonly align: boolean;
}

/** `data/import-ijb`: takes the faces and template pairs of IJB-B or IJB-C in. */
export const stage: StageKind<Params> = {
  async run({ set, align, size, links, licence, source: from, consent, content, ...paths }, context) {
    const path = placeOf(context, 'path');
    const source = await openSource(path, { links });
    const wanted = { height: size, width: size };
    const examiner = align
      ? new Examiner(aligning, { ...wanted, minFace: 1, landmarksOn: 'upright' })
      : new Examiner(examining, { ...wanted, fit: 'exact' });
    try {
      const { files, faces, pairs } = await takeIjb(set, source, paths, { examiner, size, context });
      if (content !== undefined && (await contentDigest(path)) !== content) throw sourceChanged(path);
      const facts = { licence, source: from, consent, origin: 'import', peopleShown: 'real' as const, aligned: align };
      const meta = { ...facts, counts: { [set]: { faces, pairs } }, sets: [], templates: [set] };
      return { benchmarks: await putBenchmarks(context.store, files, { ...meta, height: size, width: size }) };
    } finally {
      examiner.close();
      await source.close();
    }
  },
};
