export { folderDigest } from './digest.ts';
export { exportFolder } from './export.ts';
export { FolderReader } from './read.ts';
