export { type CompiledFunction, compileFunction } from './function.ts';
export type { CompileOptions, Precision } from './precision.ts';
export { compileStep, type Programs, type Step, type StepFunction } from './step.ts';
