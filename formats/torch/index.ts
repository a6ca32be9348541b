export type { TorchArray } from './array.ts';
export { openTorch, type TorchFile, type TorchOptions, type TorchTensor } from './open.ts';
export { type Setting, settingOf } from './setting.ts';
export type { TorchDtype } from './tensor.ts';
