import { createHash } from 'node:crypto';
import { compileStep, type Step } from '../compile/index.ts';
import { type Tensors, tf } from '../tf.ts';
import { type TestNetwork, testNetworks } from './networks.ts';

/** How one network trained here. */
export interface SelfTest {
  readonly network: TestNetwork['name'];
  /** How long it took to trace the step and to load its graph. */
  readonly compileSeconds: number;
  readonly stepsPerSecond: number;
  /** Largest difference between the compiled and the eager step's losses, relative to the eager one. */
  readonly eagerDifference: number;
  /** Whether a second run had the bits of the first, in every loss and every number of the state. */
  readonly repeatable: boolean;
}

const comparedSteps = 4;

/**
 * Trains small networks by compiled steps, once eagerly and twice compiled, then as many steps as fit into a while.
 *
 * @param options.timedMs how long each network's speed is measured
 * @param options.onTimed called just before that
 */
export const runSelfTests = (options: { timedMs: number; onTimed?: () => void }): SelfTest[] =>
  testNetworks.map((network) => testNetwork(network, options));

const testNetwork = (network: TestNetwork, { timedMs, onTimed }: Parameters<typeof runSelfTests>[0]): SelfTest => {
  const eager = withStep(network, false, (step) => lossesOf(network, step));
  const first = withStep(network, true, (step) => outcomeOf(network, step));
  const startedMs = performance.now();
  return withStep(network, true, (step) => {
    const compileSeconds = (performance.now() - startedMs) / 1000;
    const second = outcomeOf(network, step);
    onTimed?.();
    return {
      network: network.name,
      compileSeconds,
      stepsPerSecond: speedOf(network, step, timedMs),
      eagerDifference: Math.max(...eager.map((loss, i) => relative(second.losses[i] as number, loss))),
      repeatable: second.digest === first.digest,
    };
  });
};

const withStep = <T>({ step, initial, batch }: TestNetwork, compiled: boolean, use: (step: Step) => T): T => {
  const state = initial();
  const example = batch(0);
  const made = compileStep(step, state, example, { compiled });
  try {
    return use(made);
  } finally {
    made.dispose();
    tf.dispose([state, example]);
  }
};

const lossesOf = ({ batch }: TestNetwork, step: Step): number[] =>
  Array.from({ length: comparedSteps }, (_, i) => {
    const now = batch(i);
    const { loss = Number.NaN } = step.run(now);
    tf.dispose(now);
    return loss;
  });

const outcomeOf = (network: TestNetwork, step: Step): { losses: number[]; digest: string } => {
  const losses = lossesOf(network, step);
  const state = step.readState();
  const digest = digestOfState(losses, state);
  tf.dispose(state);
  return { losses, digest };
};

const digestOfState = (losses: number[], state: Tensors): string => {
  const hash = createHash('sha256').update(new Float64Array(losses));
  for (const tensor of Object.values(state)) hash.update(tensor.dataSync());
  return hash.digest('hex');
};

/** Steps a second with one batch; a step hands back its loss, so its work is over when it returns. */
const speedOf = ({ batch }: TestNetwork, step: Step, timedMs: number): number => {
  const same = batch(0);
  const startedMs = performance.now();
  let steps = 0;
  do {
    step.run(same);
    steps++;
  } while (performance.now() - startedMs < timedMs);
  tf.dispose(same);
  return (steps * 1000) / (performance.now() - startedMs);
};

const relative = (value: number, expected: number): number => {
  const difference = Math.abs(value - expected) / Math.abs(expected);
  // A loss that is no number differs from everything, and must not vanish in a comparison.
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
};
