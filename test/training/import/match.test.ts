import { expect, it } from 'vitest';
import type { StoredParameter } from '../../../nn/weights.ts';
import { matchTensors } from '../../../training/import/match.ts';

const f32 = (name: string, ...shape: number[]) => ({ name, dtype: 'F32', shape });
const init = { type: 'zeros' } as const;
const parameters: StoredParameter[] = [
  { name: 'slopes', shape: [3], kind: 'vector', init },
  { name: 'kernel', shape: [1, 7, 2, 4], kind: 'conv', init },
];
const matched = (...listed: ReturnType<typeof f32>[]) => [...matchTensors(listed, parameters, '').matched.keys()];

it('lets axes of length 1 be more or fewer: the values are in the same order', () => {
  expect(matched(f32('slopes', 3, 1, 1))).toEqual(['slopes']);
  expect(matched(f32('slopes', 4, 1, 1))).toEqual([]);
});

it('takes no kernel of 7 × 1 for one of 1 × 7', () => {
  expect(matched(f32('kernel', 4, 2, 1, 7))).toEqual(['kernel']);
  expect(matchTensors([f32('kernel', 4, 2, 7, 1)], parameters, '').misshapen).toEqual([
    { name: 'kernel', required: [4, 2, 1, 7], found: [4, 2, 7, 1] },
  ]);
});
