import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { MachineKind } from '../../core/machine-kind.ts';
import type { PlanNode } from '../../core/plan.ts';
import type { KnownFacts } from '../../spec/estimate.ts';
import type { Expected } from '../../spec/expects.ts';

/** What `main.ts` is asked. */
export interface ProbeRequest {
  readonly device: MachineKind['device'];
  /** After which no further piece begins. */
  readonly seconds: number;
  /** Id of the node whose work is probed. */
  readonly node: string;
  /** Of the whole plan: what the node's inputs are follows from those before it. */
  readonly nodes: readonly PlanNode[];
  readonly expected: readonly (readonly [string, Expected])[];
  readonly stored: readonly (readonly [string, { readonly [output: string]: KnownFacts }])[];
}

/** What was measured. */
export interface Probed {
  readonly machine: MachineKind;
  readonly multiplyAdds: number;
  readonly seconds: number;
}

export interface ProbeOptions {
  readonly env: { readonly [name: string]: string | undefined };
  /** Ends the child. */
  readonly signal: AbortSignal;
}

/** How long the child may take to start, to compile, and to end the piece that it began last. */
const graceMs = 60_000;

/**
 * Measures the work of a node in a separate process that is set up as a worker's. It opens no store.
 *
 * @returns undefined where the process ends without an answer: its network is too large for this machine or the time
 * @throws the signal's reason where it aborts
 */
export const probe = async (request: ProbeRequest, { env, signal }: ProbeOptions): Promise<Probed | undefined> => {
  const child = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('./main.ts', import.meta.url))], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: 1000 * request.seconds + graceMs,
    killSignal: 'SIGKILL',
    signal,
  });
  // An aborted or killed child says so by its empty answer.
  child.on('error', () => {});
  child.stdin.on('error', () => {}).end(JSON.stringify(request));
  const answer = (await text(child.stdout)).split('\n').find((line) => line.startsWith('{'));
  signal.throwIfAborted();
  return answer === undefined ? undefined : (JSON.parse(answer) as Probed);
};
