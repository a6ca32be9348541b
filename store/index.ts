import { FolderObjects } from './folder.ts';
import type { ObjectStore } from './objects.ts';
import { S3Objects } from './s3.ts';
import type { S3Config } from './s3-config.ts';
import { Store } from './store.ts';

export type { ActionState, CheckpointWriter, OpenAttempt, SaveJob, StoredCheckpoint } from './checkpoints/index.ts';
export { type Flaw, type FsckResult, fsck } from './fsck.ts';
export { type GcResult, gc } from './gc.ts';
export { LookupMemo } from './lookup-memo.ts';
export type { Pin } from './pins.ts';
export type { Condition, PutRecordResult } from './records.ts';
export type { LatestAction, RunDocument } from './runs.ts';
export type { S3Config } from './s3-config.ts';
export { Store } from './store.ts';
export { type Usage, usage } from './usage.ts';

/** Where objects lie: in a bucket of an S3 server, or in a folder, as a bundle has them. */
export type ObjectPlace = S3Config | { readonly folder: string };

/** @throws CemiflowError `StoreUnreachable`, `StoreTimeout`, `StoreDenied`, `StoreEndpointInvalid` */
export const openObjects = async (place: ObjectPlace): Promise<ObjectStore> => {
  if ('folder' in place) return new FolderObjects(place.folder);
  const objects = new S3Objects(place);
  await objects.ensureBucket();
  return objects;
};

/**
 * Opens the store in a bucket of an S3 server, and makes the bucket where it is missing.
 *
 * @throws CemiflowError `StoreUnreachable`, `StoreTimeout`, `StoreDenied`, `StoreEndpointInvalid`
 */
export const openStore = async (place: ObjectPlace): Promise<Store> => new Store(await openObjects(place));
