export { readBin, type VerificationSet } from './read.ts';
export { writeBin } from './write.ts';
