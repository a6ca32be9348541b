export { type FaceList, type FacePoints, readFaceList, readFacePoints } from './faces.ts';
export { readTemplatePairs, type TemplatePairs } from './pairs.ts';
