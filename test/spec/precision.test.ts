import { expect, it } from 'vitest';
import { loadStageSchemas } from '../../schemas/stage-schemas.ts';
import { expandSpec } from '../../spec/expand.ts';
import { readSpec } from '../../spec/spec.ts';
import { writeSpecs } from './helpers.ts';

const expanded = (given: string) => {
  const text = `experiment: demo
seed: 7
params: {precision: bfloat16}
stages:
  faces: {uses: data/procedural}
  teacher: {uses: recognizer/train, with: {data: "\${{ stages.faces }}"${given}}}
`;
  return expandSpec(readSpec('spec.yaml', { cwd: writeSpecs({ 'spec.yaml': text }) }), loadStageSchemas()).nodes;
};

it('precision is float32 unless the spec says otherwise, and one parameter sets it for many stages', () => {
  expect(expanded('').find(({ id }) => id === 'teacher')?.params.precision).toBe('float32');
  expect(expanded('').find(({ id }) => id === 'faces')?.params).not.toHaveProperty('precision');
  const low = expanded(', precision: "${{ params.precision }}"').find(({ id }) => id === 'teacher');
  expect(low?.params.precision).toBe('bfloat16');
});

it('a precision that there is not is refused with those that there are', () => {
  expect(() => expanded(', precision: float8')).toThrow(
    'must be one of float32, bfloat16, float16, tf32, got "float8"',
  );
});
