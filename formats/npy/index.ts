export type { NpyArray, NpyDtype } from './dtype.ts';
export { type NpyFile, openNpy } from './read.ts';
export { encodeNpy } from './write.ts';
