import { runFile } from '../../core/run-record.ts';
import { defineCodec, readJsonFields } from '../codec.ts';

/** A run that came to its end: `run.json`, and the records of all its actions. */
export interface RunMeta {
  readonly id: string;
  readonly experiment: string;
}

export const runCodec = defineCodec<RunMeta>({
  type: 'run',
  versions: [(fields) => ({ id: fields.string('id'), experiment: fields.string('experiment') })],
  contents: async (artifact, store) => {
    await readJsonFields(store, artifact, runFile);
    for (const { path } of artifact.files.filter((file) => file.path !== runFile))
      await readJsonFields(store, artifact, path);
  },
});
