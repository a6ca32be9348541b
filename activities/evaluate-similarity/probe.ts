export { embeddingProbe as probe } from '../../training/probes.ts';
