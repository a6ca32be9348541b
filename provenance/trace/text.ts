import type { ActionRecord } from '../../core/action.ts';
import { canonicalJson } from '../../core/canonical.ts';
import { type Digest, shortDigest } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import { isOwnKind } from '../../core/stage.ts';
import { plural } from '../../core/words.ts';
import type { Chain, Input, Step } from './chain.ts';

/** The chain as a tree: what was traced at the top, raw data at the leaves. A step that is above is not repeated. */
export const treeOf = (chain: Chain, { long = false }: { readonly long?: boolean } = {}): string => {
  const steps = new Map(chain.steps.map((step) => [step.id, step]));
  const shown = new Set<string>();
  const lines: string[] = [];
  const tell = (id: string, names: readonly string[], indent: string, isLast: boolean): void => {
    const step = steps.get(id) as Step;
    const again = shown.has(id);
    shown.add(id);
    const name = names.length > 0 ? `${names.join(', ')}: ` : '';
    lines.push(`${indent}${isLast ? '└─ ' : '├─ '}${name}${headline(step)}${again ? ' (as above)' : ''}`);
    if (again) return;
    const under = `${indent}${isLast ? '   ' : '│  '}`;
    const inputs = byNode(step.inputs);
    if (long) for (const line of details(step)) lines.push(`${under}${inputs.length > 0 ? '│ ' : '  '}${line}`);
    inputs.forEach(([node, taken], i) => {
      tell(node, taken, under, i === inputs.length - 1);
    });
  };
  chain.tops.forEach((id, i) => {
    tell(id, [], '', i === chain.tops.length - 1);
  });
  return lines.join('\n');
};

/** Each node once, with the parameters that took its outputs; of many, how many there are. */
const byNode = (inputs: readonly Input[]): [string, string[]][] => {
  const found = new Map<string, string[]>();
  for (const { node, name } of inputs) found.set(node, [...(found.get(node) ?? []), name]);
  return [...found].map(([node, names]) => [
    node,
    names.length > 3 ? [`${names[0]} and ${names.length - 1} more`] : names,
  ]);
};

const headline = ({ id, record, parts, wallSeconds }: Step): string =>
  [
    id,
    record.action.kind,
    ...(parts > 0 ? [plural(parts, 'shard')] : []),
    seconds(wallSeconds),
    record.machine.host,
  ].join(' · ');

export const seconds = (value: number): string => (value < 10 ? `${value.toFixed(1)} s` : `${Math.round(value)} s`);

/** Facts of a step, name and value. */
export const factsOf = ({ id, record, parts, wallSeconds }: Step, run: string): [string, string][] => {
  const { key, action, machine, source, spent, attempts } = record;
  const { tensorflow } = machine;
  return [
    ['action', key],
    ['parameters', canonicalJson(shorter(action.params) as JsonObject)],
    ...Object.entries(record.written ?? {}).map(([name, path]): [string, string] => [`${name} as written`, path]),
    ['seed', `${action.seed}`],
    ...(parts > 0 ? [['shards', `${parts}`] as [string, string]] : []),
    ...Object.entries(record.outputs).map(([name, ref]): [string, string] => [
      `output ${name}`,
      `${ref.type} ${ref.digest}`,
    ]),
    ['code', `${action.code}, files ${source.code.digest}`],
    ...adoptedFacts(record),
    [
      'commit',
      source.commit
        ? `${source.commit}${source.uncommitted ? `, uncommitted changes ${source.uncommitted}` : ''}`
        : isOwnKind(action.kind)
          ? 'none: a stage kind of its user, kept in the store'
          : 'not in a git repository',
    ],
    ...(record.log ? [['printed', `cemiflow get ${record.log}`] as [string, string]] : []),
    ['machine', `${machine.host}: ${machine.cpu}, ${machine.cores} cores, ${machine.platform}, Node ${machine.node}`],
    ...(tensorflow ? [['TensorFlow', tensorflowOf(tensorflow)] as [string, string]] : []),
    ['time', `${record.startedAt} to ${record.endedAt}`],
    ['took', parts > 0 ? `${seconds(wallSeconds)}, most of it in its shards` : tookOf(spent)],
    ['attempts', `${attempts.length}${attempts.length > 1 ? `: ${attempts.map(({ end }) => end).join(', ')}` : ''}`],
    ['recompute', `cemiflow audit ${run} --replay '${id}'`],
  ];
};

/** What did the work, and why it counts under the code of its key. */
const adoptedFacts = ({ adopted }: ActionRecord): [string, string][] =>
  adopted
    ? [['adopted', `done by code ${adopted.action.code}; ${adopted.statements.map(({ digest }) => digest).join(', ')}`]]
    : [];

const details = (step: Step): string[] =>
  factsOf(step, '').flatMap(([name, value]) => (name === 'recompute' ? [] : [`${name}: ${value}`]));

const tensorflowOf = ({
  version,
  library,
  device,
  flags,
  kernels = 'composed',
  gpu,
}: NonNullable<ActionRecord['machine']['tensorflow']>): string =>
  [
    `${version} on ${device}`,
    ...(gpu ? [`${gpu.name}, driver ${gpu.driver}`] : []),
    `library ${library}`,
    `${kernels} kernels`,
    `XLA ${flags.xla}, oneDNN ${flags.oneDnn}, ${flags.intraOpThreads} threads, deterministic ops ${flags.deterministicOps}, TF32 ${flags.tf32}`,
  ].join('; ');

const tookOf = ({ wallSeconds, cpuSeconds, gpuSeconds, peakMemoryBytes }: ActionRecord['spent']): string =>
  [
    seconds(wallSeconds),
    `CPU ${seconds(cpuSeconds)}`,
    ...(gpuSeconds === undefined ? [] : [`GPU ${seconds(gpuSeconds)}`]),
    `peak memory ${(peakMemoryBytes / 2 ** 20).toFixed(0)} MiB`,
  ].join(', ');

/** Parameters with short digests in place of artifacts. */
export const shorter = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shorter);
  if (value === null || typeof value !== 'object') return value;
  const { type, digest } = value as { type?: unknown; digest?: unknown };
  if (typeof type === 'string' && typeof digest === 'string') return `${type} ${shortDigest(digest as Digest)}`;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shorter(item)]));
};
