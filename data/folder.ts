export { folderDigest } from './folder/digest.ts';
export { exportFolder } from './folder/export.ts';
export { FolderReader } from './folder/read.ts';
