export { exportFolder } from '../../artifacts/export-folder.ts';
export { folderDigest } from './digest.ts';
export { FolderReader } from './read.ts';
