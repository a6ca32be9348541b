import {
  type ActionCost,
  type Basis,
  basisText,
  type MachineCost,
  type PlanEstimate,
} from '../../client/estimating.ts';
import { plural } from '../../core/words.ts';
import { formatBytes, formatNumber } from './format.ts';

/** Cells of an action: hours, what they were estimated by, and bytes. `?` for what is not known, nothing for what is not worth a number. */
export const costOf = (cost: ActionCost | undefined): [hours: string, by: string, bytes: string] => {
  if (!cost || cost.sameAs !== undefined) return ['', '', ''];
  const { seconds, by, bytes } = cost;
  return [
    seconds === undefined ? '?' : seconds === 0 ? '' : formatHours(seconds / 3600),
    by ? basisText(by) : '',
    bytes === undefined ? '?' : bytes === 0 ? '' : formatBytes(bytes),
  ];
};

/** The sums, and what they leave out. */
export const estimateLines = ({ tflops, machines, todo, notEstimated, unexpected }: PlanEstimate): string[] => [
  `estimate of ${plural(todo.actions, 'action')}: ${formatHours(todo.gpuHours)} of GPUs at ${formatNumber(tflops)} TFLOP/s (--tflops), ${formatBytes(todo.bytes)} of outputs`,
  `  ${todo.multiplyAdds.toExponential(2)} multiplications of networks, two operations each; drawing, loading, searching and reports are not counted`,
  ...machines.flatMap(machineLine),
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

const machineLine = ({ machine, hours, by }: MachineCost): string[] => {
  if (!machine) return [];
  const parts = Object.entries(by).map(([from, count]) => `${count} by ${words[from as Basis['from']]}`);
  return [`  on ${machine.name}: ${formatHours(hours)}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`];
};

const words: { readonly [from in Basis['from']]: string } = {
  records: 'records of the same kind',
  probe: 'a probe of the same kind',
  'other kinds': 'records of other kinds',
  nominal: 'the assumed rate',
};

/** `0.01 h`, `3.2 h`, `1240 h` */
const formatHours = (hours: number): string => {
  if (hours < 0.005) return '<0.01 h';
  return `${hours >= 100 ? hours.toFixed(0) : hours >= 10 ? hours.toFixed(1) : hours.toFixed(2)} h`;
};
