export { experiment } from './experiment.ts';
export { sharded } from './sharded.ts';
