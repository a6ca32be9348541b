export { zip } from './images.ts';
export { openZip, type PlacedEntry, type Zip } from './open.ts';
