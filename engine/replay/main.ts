import { text } from 'node:stream/consumers';
import { loadStageSchemas } from '../../schemas/stage-schemas.ts';
import { codeDigests } from '../../spec/code-digest.ts';
import { openObjects, Store } from '../../store/index.ts';
import { OverlayObjects } from '../../store/overlay.ts';
import { recordedMachine, setUpTensorflow } from '../machine.ts';
import { type LoadOwn, ownKindLoader } from '../own-kinds/load.ts';
import { loadStage } from '../registry.ts';
import type { ReplayRequest } from './client.ts';
import { replayAction } from './perform.ts';

/**
 * Does recorded actions again, in a process that is set up as a worker's: a `ReplayRequest` on standard input, one `Replayed` a
 * line on standard output, logs on standard error. "cemiflow audit --replay" and "cemiflow fsck --repair" start it.
 */
const { store: place, mode, device, folders, jobs } = JSON.parse(await text(process.stdin)) as ReplayRequest;
const setup = setUpTensorflow(process.env, device);
const objects = await openObjects(place);
const schemas = loadStageSchemas();
const own = ownKindLoader(new Store(objects));
/** The kinds that use TensorFlow, those of users as they are loaded. */
const tensorKinds = new Set(
  [...schemas.values()].filter(({ resource }) => resource === 'tensor').map(({ kind }) => kind),
);
const loadOwn: LoadOwn = async (kind, code, source) => {
  const loaded = await own(kind, code, source);
  if (loaded.schema.resource === 'tensor') tensorKinds.add(kind);
  return loaded;
};
for (const job of jobs) {
  const replayed = await replayAction(job, mode, {
    store: new Store(objects),
    folders,
    overlay: () => new Store(new OverlayObjects(objects)),
    loadStage,
    loadOwn,
    code: async (kind) => (schemas.has(kind) ? (await codeDigests([kind])).get(kind)?.digest : undefined),
    machine: (kind) => recordedMachine(tensorKinds.has(kind) ? setup : undefined),
    log: (message) => console.error(message),
  });
  process.stdout.write(`${JSON.stringify(replayed)}\n`);
}
// Stage modules may hold timers or native threads.
process.stdout.write('', () => process.exit());
