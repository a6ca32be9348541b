import type { Source } from '../source.ts';
import { type Links, openDisk } from './disk.ts';
import { isS3Address, openS3 } from './s3.ts';

/** A source that the caller closes. */
export type OpenSource = Source & { close(): Promise<void> };

/**
 * Opens what a spec names: a folder, a file, or an address such as `s3://bucket/folder`.
 *
 * @throws CemiflowError `FolderNotFound`, `LinkOutside`, `AddressInvalid`, `SourceUnreachable`
 */
export const openSource = async (path: string, options: { readonly links?: Links } = {}): Promise<OpenSource> =>
  isS3Address(path) ? { ...(await openS3(path)), close: async () => {} } : openDisk(path, options);
