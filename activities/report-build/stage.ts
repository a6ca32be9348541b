import { reportCodec } from '../../artifacts/codecs/report.ts';
import type { StageKind } from '../../core/stage.ts';
import type { ReportParams } from '../../report/block.ts';
import { readReport, reportFiles } from '../../report/build.ts';

/** `report/build`: reads every number and picture that the report names, and writes the page, its tables and its numbers. */
export const stage: StageKind<ReportParams> = {
  async run(params, { store, progress }) {
    const onStep = (phase: string, step: number, steps: number) => progress({ phase, step, steps });
    const model = await readReport(params, store, { onStep });
    const { meta, files } = reportFiles(model);
    const put = files.map(({ path, text, mediaType }) => store.putFile(path, Buffer.from(text), mediaType));
    return { report: await reportCodec.write(store, meta, await Promise.all(put)) };
  },
};
