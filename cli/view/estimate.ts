import type { PlanEstimate } from '../../client/estimating.ts';
import { plural } from '../../core/words.ts';
import { formatBytes, formatNumber } from './format.ts';

/** Cells of an action: GPU hours and bytes, `?` for what is not known, and nothing for what is not worth a number. */
export const costOf = (node: ReturnType<PlanEstimate['nodes']['get']>): [hours: string, bytes: string] => {
  if (!node) return ['', ''];
  const { gpuHours, bytes } = node;
  return [
    gpuHours === undefined ? '?' : gpuHours === 0 ? '' : formatHours(gpuHours),
    bytes === undefined ? '?' : bytes === 0 ? '' : formatBytes(bytes),
  ];
};

/** The sums, and what they leave out. */
export const estimateLines = ({ tflops, todo, notEstimated, unexpected }: PlanEstimate): string[] => [
  `estimate of ${plural(todo.actions, 'action')}: ${formatHours(todo.gpuHours)} of GPUs at ${formatNumber(tflops)} TFLOP/s (--tflops), ${formatBytes(todo.bytes)} of outputs`,
  `  ${todo.multiplyAdds.toExponential(2)} multiplications of networks, two operations each; drawing, loading, searching and reports are not counted`,
  ...(notEstimated.length === 0
    ? []
    : [
        'not estimated, because these numbers are not known (of images and identities, a stage can say them under expects):',
      ]),
  ...notEstimated.map(({ node, missing }) => `  ${node}: ${missing.join(', ')}`),
  ...unexpected.map(
    ({ node, fact, expected, found }) => `warning: ${node} was expected to have ${fact}: ${expected}, and has ${found}`,
  ),
];

/** `0.01 h`, `3.2 h`, `1240 h` */
const formatHours = (hours: number): string => {
  if (hours < 0.005) return '<0.01 h';
  return `${hours >= 100 ? hours.toFixed(0) : hours >= 10 ? hours.toFixed(1) : hours.toFixed(2)} h`;
};
