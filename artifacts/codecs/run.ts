import type { ActionRecord } from '../../core/action.ts';
import { type RunRecord, runFile } from '../../core/run-record.ts';
import { type ArtifactReader, defineCodec, type Opened, readJsonFields } from '../codec.ts';
import type { Fields } from '../fields.ts';

/** A run that came to its end: `run.json`, and the records of all its actions. */
export interface RunMeta {
  readonly id: string;
  readonly experiment: string;
}

export const runCodec = defineCodec<RunMeta>({
  type: 'run',
  versions: [(fields) => ({ id: fields.string('id'), experiment: fields.string('experiment') })],
});

type RunReader = Pick<ArtifactReader, 'getBlob'>;
/** What the run was: `run.json`. @throws CemiflowError `ArtifactInvalid` where it lacks what its readers rely on, and the store's */
export const readRunRecord = async (store: RunReader, run: Opened): Promise<RunRecord> => {
  const fields = await readJsonFields(store, run, runFile);
  fields.string('id');
  fields.string('experiment');
  fields.string('startedAt');
  const spec = fields.object('spec');
  spec.string('path');
  spec.optional('files', () =>
    spec.list('files', (file) => {
      file.string('path');
      file.string('text');
    }),
  );
  const plan = fields.object('plan');
  plan.string('experiment');
  plan.list('nodes', (node) => {
    checkAction(node);
    for (const name of ['id', 'stage']) node.string(name);
    for (const name of ['matrix', 'outputs']) node.object(name);
  });
  fields.optional('estimates', () =>
    fields.map('estimates', (estimate) => {
      estimate.number('seconds');
      estimate.string('by');
    }),
  );
  fields.map('nodes', (node) => (node.has('skipped') ? node.string('skipped') : node.digest('key')));
  return fields.whole as unknown as RunRecord;
};

/** The record of an action that the run holds. @param path `records/<key>.json` @throws as `readRunRecord` */
export const readActionRecord = async (store: RunReader, run: Opened, path: string): Promise<ActionRecord> => {
  const fields = await readJsonFields(store, run, path);
  for (const name of ['startedAt', 'endedAt', 'build']) fields.string(name);
  fields.digest('key');
  checkAction(fields.object('action'));
  fields.map('outputs', checkRef);
  checkRef(fields.object('source').object('code'));
  for (const name of ['host', 'platform', 'cpu', 'node']) fields.object('machine').string(name);
  fields.object('spent').number('wallSeconds');
  fields.list('attempts', (attempt) => attempt);
  if (fields.has('parts')) fields.strings('parts');
  if (fields.has('adopted')) {
    const adopted = fields.object('adopted');
    adopted.digest('key');
    checkAction(adopted.object('action'));
    adopted.list('statements', checkRef);
  }
  return fields.whole as unknown as ActionRecord;
};

const checkAction = (action: Fields): void => {
  action.string('kind');
  action.object('params');
  action.number('seed');
  action.digest('code');
};

const checkRef = (ref: Fields): void => {
  ref.string('type');
  ref.digest('digest');
};
