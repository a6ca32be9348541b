export { encodeOnnx, type OnnxModel, type OnnxNode, type OnnxTensor, type OnnxValue } from './model.ts';
