import { datasetCodec } from '../../artifacts/codecs/dataset.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import { namesFile } from '../../artifacts/people.ts';
import type { Digest } from '../../core/digest.ts';
import { placeOf, type StageKind } from '../../core/stage.ts';
import { FolderReader } from '../../formats/folder/read.ts';

interface Params {
  readonly size: number;
  readonly minImages: number;
  readonly maxImages: number;
  readonly onBadFile: 'fail' | 'skip';
  readonly faces: 'real' | 'synthetic';
  readonly licence: string;
  readonly consent: string;
  /** Filled in when the experiment is planned. */
  readonly content?: Digest;
}

/** Skipped files that the dataset's facts name; all of them are counted. */
const namedSkips = 100;

/** `data/folder`: packs a user's own photos into shards. */
export const stage: StageKind<Params> = {
  async run({ faces, licence, consent, ...options }, context) {
    const reader = await FolderReader.open(placeOf(context, 'path'), options);
    const writer = new DatasetWriter(context.store, { height: options.size, width: options.size });
    let step = 0;
    for await (const sample of reader.samples()) {
      await writer.add(sample);
      await context.progress({
        phase: 'read photos',
        step: Math.min(++step, reader.files.length),
        steps: reader.files.length,
      });
    }
    const skipped = { count: reader.bad.length, files: reader.bad.slice(0, namedSkips).map((file) => file.path) };
    const files = await writer.files();
    const names = Buffer.from(JSON.stringify(reader.names));
    return {
      data: await datasetCodec.write(
        context.store,
        {
          ...{ origin: 'folder', faces, licence, consent },
          peopleShown: faces === 'real' ? 'real' : 'generated',
          ...(skipped.count > 0 ? { skipped } : {}),
          ...writer.counts(),
        },
        [...files, await context.store.putFile(namesFile, names, 'application/json')],
      ),
    };
  },
};
