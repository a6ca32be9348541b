import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { actionKey, type Outputs } from '../../core/action.ts';
import { type PlanNode, toAction } from '../../core/plan.ts';
import { isoTime } from '../../core/time.ts';
import { openStore, type S3Config, type Store } from '../../store/index.ts';
import { type Command, execute } from './command.ts';

/** How many stages an experiment has: `3 · chains + singles`. */
export interface Size {
  /** Each set of faces has a recognizer, which has centers. */
  readonly chains: number;
  /** Stages that depend on none; default 1. */
  readonly singles?: number;
}

export const countOf = ({ chains, singles = 1 }: Size): number => 3 * chains + singles;

export const specOf = ({ chains, singles = 1 }: Size): string => `experiment: noop
seed: 1
params: {i: [${Array.from({ length: chains }, (_, i) => i).join(', ')}]}
stages:
${Array.from({ length: singles }, (_, i) => `  benchmarks${i}: {uses: data/benchmarks, seed: ${i}}`).join('\n')}
  faces:
    uses: data/procedural
    matrix: {i: "\${{ params.i }}"}
    with: {firstIdentity: "\${{ matrix.i }}"}
  recognizers:
    uses: recognizer/train
    matrix: {i: "\${{ params.i }}"}
    with: {data: "\${{ stages.faces[i] }}"}
  centers:
    uses: centers/compute
    matrix: {i: "\${{ params.i }}"}
    with: {data: "\${{ stages.faces[i] }}", recognizer: "\${{ stages.recognizers[i] }}"}
`;

const project = join(import.meta.dirname, '..', '..');

/** The command line, in a separate process as a user starts it. */
export const cemiflow = (args: readonly string[], cwd: string, env: Command['env']): Command => ({
  file: process.execPath,
  args: [join(project, 'cli', 'cemiflow.mjs'), ...args],
  cwd,
  env,
});

/**
 * Writes the spec, and into the store what a first run of it would leave: for every action a record with outputs of its
 * own, each an artifact of one file of 1 KiB. Without the days that training 333 recognizers takes.
 */
export const finishedExperiment = async (
  size: Size,
  { folder, env, s3 }: { readonly folder: string; readonly env: Command['env']; readonly s3: S3Config },
): Promise<string> => {
  const spec = join(folder, 'noop.yaml');
  writeFileSync(spec, specOf(size));
  const { actions } = JSON.parse(await execute(cemiflow(['plan', spec, '--json'], folder, env))) as {
    actions: PlanNode[];
  };
  const store = await openStore(s3);
  const made = new Map<string, Outputs>();
  // The plan is in an order in which inputs come first.
  for (const node of actions) made.set(node.id, await finish(store, node, made));
  return spec;
};

const finish = async (store: Store, node: PlanNode, made: ReadonlyMap<string, Outputs>): Promise<Outputs> => {
  const action = toAction(node, made);
  const entries = Object.entries(node.outputs).map(async ([name, type]) => {
    const bytes = Buffer.alloc(1024, `${name} of ${node.id}\n`);
    const file = await store.putFile('data.bin', bytes, 'application/octet-stream');
    return [name, await store.putArtifact({ type, meta: {}, files: [file] })] as const;
  });
  const outputs: Outputs = Object.fromEntries(await Promise.all(entries));
  const time = isoTime(new Date());
  await store.putRecord({
    key: actionKey(action),
    action,
    outputs,
    source: { code: { type: 'code', digest: action.code } },
    machine: { host: 'bench', platform: 'bench', cpu: 'bench', cores: 1, node: process.version },
    startedAt: time,
    endedAt: time,
    spent: { wallSeconds: 0, cpuSeconds: 0, peakMemoryBytes: 0 },
    attempts: [],
    workflowId: 'bench',
    runId: 'bench',
    build: 'bench',
  });
  return outputs;
};
