export { parseCsvPairs } from './csv.ts';
export { parseLfwPairs } from './lfw.ts';
export { contiguousFold, type PairRow } from './row.ts';
