export { folderDigest } from './digest.ts';
export { FolderReader } from './read.ts';
