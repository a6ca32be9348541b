import type { StageKind } from '../../core/stage.ts';
import { readReport, reportFiles, reportSteps } from '../../report/build.ts';
import type { ReportParams } from '../../report/params.ts';

/** `report/build`: reads every number and picture that the report names, and writes the page, its tables and its numbers. */
export const stage: StageKind<ReportParams> = {
  async run(params, { store, progress }) {
    const model = await readReport(params, store, (phase, step) => progress({ phase, step, steps: reportSteps }));
    const { meta, files } = reportFiles(model);
    const put = files.map(({ path, text, mediaType }) => store.putFile(path, Buffer.from(text), mediaType));
    return { report: await store.putArtifact({ type: 'report', meta, files: await Promise.all(put) }) };
  },
};
