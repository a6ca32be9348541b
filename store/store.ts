import type { ActionKey, ActionRecord } from '../core/action.ts';
import type { ArtifactManifest, ArtifactRef, FileEntry } from '../core/artifact.ts';
import type { Digest } from '../core/digest.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { Artifacts } from './artifacts.ts';
import { Checkpoints } from './checkpoints/index.ts';
import { LeftOut } from './left-out.ts';
import type { ObjectStore } from './objects.ts';
import { Pins } from './pins.ts';
import { Records } from './records.ts';
import { indexKey, RunIndexes } from './run-index.ts';
import { type LatestAction, type RunDocument, Runs } from './runs.ts';
import { Sweeps } from './sweep.ts';

/** Everything that outlives a process: blobs, artifacts, action records, runs, and checkpoints of actions under way. */
export class Store implements ArtifactStore {
  readonly objects: ObjectStore;
  readonly checkpoints: Checkpoints;
  readonly pins: Pins;
  readonly leftOut: LeftOut;
  readonly sweeps: Sweeps;
  readonly runIndexes: RunIndexes;
  readonly #artifacts: Artifacts;
  readonly #records: Records;
  readonly #runs: Runs;

  constructor(objects: ObjectStore) {
    this.objects = objects;
    this.checkpoints = new Checkpoints(objects);
    this.pins = new Pins(objects);
    this.leftOut = new LeftOut(objects);
    this.sweeps = new Sweeps(objects);
    this.runIndexes = new RunIndexes(objects);
    this.#artifacts = new Artifacts(objects);
    this.#records = new Records(objects, this.#artifacts, this.sweeps);
    this.#runs = new Runs(objects);
  }

  putFile = (path: string, bytes: Uint8Array, mediaType: string): Promise<FileEntry> =>
    this.#artifacts.putFile(path, bytes, mediaType);
  getBlob = (digest: Digest): Promise<Buffer> => this.#artifacts.getBlob(digest);
  hasBlob = (digest: Digest): Promise<boolean> => this.#artifacts.hasBlob(digest);
  putArtifact = (manifest: ArtifactManifest): Promise<ArtifactRef> => this.#artifacts.putArtifact(manifest);
  getArtifact = (ref: ArtifactRef): Promise<ArtifactManifest> => this.#artifacts.getArtifact(ref);
  isWhole = (ref: ArtifactRef): Promise<boolean> => this.#artifacts.isWhole(ref);
  mustBeThere = (ref: ArtifactRef): Promise<void> => this.#artifacts.mustBeThere(ref);
  dropIfDamaged = (ref: ArtifactRef): Promise<boolean> => this.#artifacts.dropIfDamaged(ref);

  /** Keeps a record. The outputs to continue with are those of the record that comes back. */
  putRecord: Records['put'] = (record, since, counts) => this.#records.put(record, since, counts);
  getRecord = (key: ActionKey): Promise<ActionRecord | undefined> => this.#records.get(key);
  listRecords = (key: ActionKey): Promise<ActionRecord[]> => this.#records.list(key);
  repointRecord: Records['repoint'] = (key) => this.#records.repoint(key);
  restoreRecord: Records['restore'] = (record, digest) => this.#records.restore(record, digest);
  inspectRecord: Records['inspect'] = (key, digest) => this.#records.inspect(key, digest);
  lookupRecords = (keys: readonly ActionKey[]): Promise<Map<ActionKey, ActionRecord>> => this.lookup().records(keys);
  /** For several look-ups that belong together. */
  lookup: Records['lookup'] = (options) => this.#records.lookup(options);

  putRun = (run: RunDocument): Promise<void> => this.#runs.putRun(run);
  getRun = (id: string): Promise<RunDocument | undefined> => this.#runs.getRun(id);
  runIds = (): Promise<string[]> => this.#runs.runIds();
  removeRun = async (id: string): Promise<void> => {
    await this.#runs.removeRun(id);
    await this.objects.remove(indexKey(id));
  };
  listRuns = (idStart?: string): Promise<RunDocument[]> => this.#runs.listRuns(idStart);

  putLatest = (experiment: string, nodeId: string, latest: LatestAction): Promise<void> =>
    this.#runs.putLatest(experiment, nodeId, latest);
  getLatest = (experiment: string, nodeId: string): Promise<LatestAction | undefined> =>
    this.#runs.getLatest(experiment, nodeId);
  latestOf = (experiment: string, nodeIds: readonly string[]): Promise<Map<string, LatestAction>> =>
    this.#runs.latestOf(experiment, nodeIds);
}
