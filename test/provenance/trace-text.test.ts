import { expect, it } from 'vitest';
import { digestOf } from '../../core/digest.ts';
import { flagsOf } from '../../nn/device/flags.ts';
import { factsOf } from '../../provenance/trace/text.ts';
import { recordOf } from '../helpers/record.ts';

const flags = flagsOf({ TF_DETERMINISTIC_OPS: '1', TF_ENABLE_ONEDNN_OPTS: '1', TF_NUM_INTRAOP_THREADS: '2' });
const tensorflow = { version: '2.21.0', library: digestOf('library'), device: 'cpu' as const, flags };

const told = (kernels?: 'native' | 'composed'): string | undefined => {
  const action = { kind: 'recognizer/train', params: {}, seed: 1, code: digestOf('code') } as never;
  const machine = {
    host: 'h',
    platform: 'linux',
    cpu: 'c',
    cores: 2,
    node: 'v24',
    tensorflow: { ...tensorflow, kernels },
  };
  const record = recordOf(action, {}, { machine });
  const facts = factsOf({ id: 'teacher', record, parts: 0, wallSeconds: 1, inputs: [] }, 'run');
  return facts.find(([name]) => name === 'TensorFlow')?.[1];
};

it('a step that used TensorFlow is told with the kernels that computed it; records from before there were ours had none', () => {
  expect(told('native')).toContain('native kernels');
  expect(told('composed')).toContain('composed kernels');
  expect(told()).toContain('composed kernels');
});
